import Dispatch
import Foundation
import Sockets
import Synchronization

/// Keeps the service manager patient while models load, for as long as loading gets anywhere.
///
/// How long that takes depends on the machine's disk and on the model; a start that hangs is still
/// ended by the manager's own limit.
final class StartupNotices: Sendable {
    private struct State {
        var last = "reading what the flags name"
        var work: Double
    }

    private static let period = Duration.seconds(5)
    /// Far more than a period: a machine that is busy misses some.
    private static let patience = Duration.seconds(60)
    /// Seconds of a processor, or reads from a disk, that show in a period that work was done.
    private static let leastWork = 0.05

    private let notifier: ServiceNotifier
    private let work: @Sendable () -> Double
    private let start = ContinuousClock.now
    private let state: Mutex<State>
    private let timer: Mutex<any DispatchSourceTimer>

    /// Tells that a start has begun.
    ///
    /// - Parameters:
    ///   - notifier: Where to tell it.
    ///   - work: What was done so far; what grows shows that the start goes on.
    init(_ notifier: ServiceNotifier, work: @escaping @Sendable () -> Double = workDone) {
        self.notifier = notifier
        self.work = work
        state = Mutex(State(work: work()))
        timer = Mutex(Self.idleTimer())
        timer.withLock { timer in
            timer.setEventHandler { [weak self] in self?.tick() }
            timer.resume()
        }
        notifier.loading(status, extendingBy: Self.patience)
    }

    deinit { end() }

    /// Tells what was loaded.
    func note(_ line: String) {
        state.withLock { $0.last = line }
        notifier.loading(status, extendingBy: Self.patience)
    }

    /// Tells that models are warmed up.
    func noteWarmUp() {
        state.withLock { $0.last = "decoding the first token" }
        notifier.loading(status, extendingBy: Self.patience)
    }

    /// Tells no more of the start.
    func end() {
        timer.withLock { $0.cancel() }
    }

    /// Asks for more time where something was done since the last time.
    func tick() {
        let now = work()
        let hasMoved = state.withLock { state in
            defer { state.work = now }
            return now - state.work >= Self.leastWork
        }
        notifier.loading(status, extendingBy: hasMoved ? Self.patience : nil)
    }

    private static func idleTimer() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "laconic.startup"))
        let seconds = Double(period.components.seconds)
        timer.schedule(deadline: .now() + seconds, repeating: seconds)
        return timer
    }

    private var status: String {
        let seconds = (ContinuousClock.now - start).components.seconds
        return "Loading for \(seconds) s, \(Self.usage().ru_maxrss / 1000) MB in memory; "
            + state.withLock { $0.last }
    }

    /// Seconds that this process computed, and a tenth for each block or page from a disk.
    static func workDone() -> Double {
        func seconds(_ time: timeval) -> Double {
            Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
        }
        let usage = usage()
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
            + Double(usage.ru_inblock + usage.ru_majflt) * 0.1
    }

    /// What the system counts of this process; zeros where it does not tell.
    private static func usage() -> rusage {
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage
    }
}
