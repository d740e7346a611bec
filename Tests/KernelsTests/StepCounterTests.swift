import Kernels
import Synchronization
import Testing

@Suite struct StepCounterTests {
    @Test func `who waits for a step sees all that was written before it`() throws {
        let pool = try WorkerPool(threadCount: 2)
        let count = 20_000
        let written = Atomic(0)
        let counter = StepCounter()
        let missed = Atomic(0)
        pool.run(tasks: 2) { task, _ in
            for step in 1...count {
                if task == 0 {
                    written.store(step, ordering: .relaxed)
                    counter.advance()
                } else {
                    counter.wait(for: step)
                    if written.load(ordering: .relaxed) < step {
                        missed.add(1, ordering: .relaxed)
                    }
                }
            }
        }
        #expect(missed.load(ordering: .relaxed) == 0)
    }

    @Test func `steps that were taken are not waited for`() {
        let counter = StepCounter()
        for _ in 0..<3 { counter.advance() }
        for step in [0, 1, 3] { counter.wait(for: step) }
    }
}
