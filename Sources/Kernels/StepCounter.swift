import CKernels
import Glibc
import Synchronization

/// How many steps a thread has taken, for another that follows it.
public final class StepCounter: Sendable {
    private let taken = Atomic<Int>(0)

    /// Pauses before a thread that waits lets others have its processor.
    private static let spins = 2000

    /// Begins at 0.
    public init() {}

    /// Counts a step; what this thread wrote before it can be read by whoever has waited for it.
    public func advance() {
        taken.add(1, ordering: .releasing)
    }

    /// Returns once that many steps were taken, which must be under way: waiting costs the time of
    /// a processor that nobody else wants.
    ///
    /// - Parameter count: Steps since the beginning.
    public func wait(for count: Int) {
        var pauses = 0
        while taken.load(ordering: .acquiring) < count {
            if pauses < Self.spins {
                pauses += 1
                ck_pause()
            } else {
                sched_yield()
            }
        }
    }
}
