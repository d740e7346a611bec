import Foundation

/// A thread for long work that others should not wait for.
enum YieldingThread {
    /// Decoding threads, at 0, get three times its share of a processor where both want it.
    private static let niceness: Int32 = 5

    /// Runs `body` and ends.
    static func start(_ body: @escaping @Sendable () -> Void) {
        let thread = Thread {
            // Linux keeps a niceness for each thread; 0 names the calling one.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
            body()
        }
        thread.start()
    }
}
