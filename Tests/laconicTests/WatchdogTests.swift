import Synchronization
import Testing

@testable import laconic

@Suite(.timeLimit(.minutes(1))) struct WatchdogTests {
    /// Loops that turn until one is stuck, and a clock that only counts.
    private final class Machine: Sendable {
        struct State {
            var meals = 0
            var turns = 0
            var slept: [Duration] = []
        }

        let state = Mutex(State())
        let stuckAfter: Int
        let stuck = AsyncStream.makeStream(of: Never.self)

        init(stuckAfter: Int) { self.stuckAfter = stuckAfter }

        func waitForTurn() async {
            let turns = state.withLock { state in
                state.turns += 1
                return state.turns
            }
            if turns > stuckAfter { for await _ in stuck.stream {} }
        }

        func watchdog(period: Duration) -> Watchdog {
            Watchdog(period: period) {
                await self.waitForTurn()
            } feed: {
                self.state.withLock { $0.meals += 1 }
            }
        }
    }

    @Test(arguments: [0, 1, 7])
    func `each meal has a turn before it, and a loop that is stuck ends them`(
        turns: Int
    ) async throws {
        let machine = Machine(stuckAfter: turns)
        let watchdog = machine.watchdog(period: .seconds(15))
        let task = Task {
            await watchdog.run { pause in
                machine.state.withLock { $0.slept.append(pause) }
            }
        }
        while machine.state.withLock({ $0.turns }) <= turns { await Task.yield() }
        try await Task.sleep(for: .milliseconds(50))
        machine.state.withLock { state in
            #expect(state.turns == turns + 1)
            #expect(state.meals == turns)
            #expect(state.slept == Array(repeating: .seconds(15), count: turns))
        }
        task.cancel()
        await task.value
        #expect(machine.state.withLock { $0.meals } == turns)
    }
}
