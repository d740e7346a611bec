import Dispatch
import Foundation
import Synchronization

/// Tells of each SIGTERM and SIGINT, with how many there have been.
final class StopSignals: Sendable {
    private let sources: Mutex<[any DispatchSourceSignal]>

    /// Watches the signals instead of dying of them.
    init(_ received: @escaping @Sendable (_ count: Int) -> Void) {
        // A closed connection or pipe is an error of its write, not the end of the program.
        signal(SIGPIPE, SIG_IGN)
        let queue = DispatchQueue(label: "laconic.signals")
        let counter = Counter()
        sources = Mutex(
            [SIGTERM, SIGINT].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { received(counter.next()) }
                source.resume()
                return source
            })
    }

    /// Watches no longer.
    func stop() {
        sources.withLock { sources in
            for source in sources { source.cancel() }
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }
}
