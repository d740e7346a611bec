import Accounts
import Foundation
import Synchronization

/// A store in memory that fails when told to.
final class FakeStore: UsageStore {
    struct Failure: Error {}

    private struct State {
        var settlements: [Settlement] = []
        var fails = false
        /// Takes the batch and fails all the same, as a lost answer of the disk looks.
        var failsAfterwards = false
        var batches = 0
    }

    private let state = Mutex(State())

    /// Whether writes fail.
    var fails: Bool {
        get { state.withLock { $0.fails } }
        set { state.withLock { $0.fails = newValue } }
    }

    var failsAfterwards: Bool {
        get { state.withLock { $0.failsAfterwards } }
        set { state.withLock { $0.failsAfterwards = newValue } }
    }

    var batches: Int { state.withLock { $0.batches } }

    func write(_ settlements: [Settlement]) throws {
        try state.withLock { state in
            guard !state.fails else { throw Failure() }
            let known = Set(state.settlements.map(\.id))
            state.settlements += settlements.filter { !known.contains($0.id) }
            state.batches += 1
            if state.failsAfterwards { throw Failure() }
        }
    }

    func rows(of account: String?, in hours: Range<Int>) throws -> [UsageRow] {
        state.withLock { state in
            state.settlements.filter {
                hours.contains($0.hour) && account ?? $0.account == $0.account
            }.flatMap(\.rows)
        }
    }
}

/// A clock that stands until it is set.
final class FakeClock: Sendable {
    private let state: Mutex<(date: Date, instant: ContinuousClock.Instant)>

    init(_ seconds: Double = 1_795_696_496) {
        state = Mutex((Date(timeIntervalSince1970: seconds), .now))
    }

    var date: Date { state.withLock { $0.date } }
    var instant: ContinuousClock.Instant { state.withLock { $0.instant } }

    /// Lets time pass on both clocks.
    func pass(_ seconds: Double) {
        state.withLock {
            $0.date += seconds
            $0.instant += .seconds(seconds)
        }
    }

    /// Sets the clock on the wall alone.
    func set(by seconds: Double) {
        state.withLock { $0.date += seconds }
    }
}
