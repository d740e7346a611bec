import Foundation
import Synchronization

/// What is said when a page of a mapped file is gone, before the process dies of it.
///
/// A model's file that is truncated while it is mapped, and a disk that fails, are SIGBUS to
/// whoever touches the page. Nothing can be answered from such a page, so the process ends as it
/// would have, by the signal, which a service manager takes for a failure; it only says why first.
enum BusErrors {
    private static let line: StaticString = """
        laconic: SIGBUS: a page of a mapped file is gone: a model's file was truncated while in \
        use, or its disk fails; put the file back, by rename, and restart

        """
    private static let isTold = Atomic(false)

    /// Has it said from now on.
    static func explain() {
        // Made now: in the handler nothing may be set up.
        _ = isTold.load(ordering: .relaxed)
        _ = line.utf8CodeUnitCount
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { BusErrors.die(of: $0) }
        unsafe sigaction(SIGBUS, &action, nil)
    }

    /// Runs in a signal handler, beside other threads that may have met the same page: only what
    /// signal-safety(7) lists, and no lock.
    private static func die(of number: Int32) {
        guard !isTold.exchange(true, ordering: .relaxed) else {
            // Whoever was first ends the process.
            while true { pause() }
        }
        // A pipe that nobody empties must not keep the process alive.
        var request = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
        if unsafe poll(&request, 1, 0) == 1 {
            _ = unsafe write(2, line.utf8Start, line.utf8CodeUnitCount)
        }
        signal(number, SIG_DFL)
        // Delivered when this returns.
        raise(number)
    }
}
