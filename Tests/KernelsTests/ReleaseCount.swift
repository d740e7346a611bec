import Synchronization

/// Adds numbers from any thread.
final class ReleaseCount: Sendable {
    private let sum = Atomic<Int>(0)

    func add(_ count: Int) {
        sum.add(count, ordering: .relaxed)
    }

    var total: Int { sum.load(ordering: .acquiring) }
}
