import Kernels
import Testing

@Suite struct ThreadChoiceTests {
    /// A machine on which passes of a row take so many microseconds.
    private struct Machine {
        var alone: Int
        var together: Int

        /// Runs passes and counts those that ran alone, and all microseconds.
        func run(_ choice: inout ThreadChoice, passes: Int, rows: Int = 1) -> (Int, Int) {
            var (count, total) = (0, 0)
            for _ in 0..<passes {
                let runsAlone = choice.runsAlone(rows: rows)
                let time = rows * (runsAlone ? alone : together)
                count += runsAlone ? 1 : 0
                total += time
                choice.note(.microseconds(time), rows: rows)
            }
            return (count, total)
        }
    }

    @Test(arguments: [1, 3, 8, 32])
    func `the quicker way is taken but for trials, and again when it changes`(rows: Int) {
        var choice = ThreadChoice()
        let near = Machine(alone: 6, together: 4), far = Machine(alone: 6, together: 12)
        for (machine, best) in [(near, 4), (far, 6), (near, 4), (far, 6)] {
            // what the change needs to be seen
            _ = machine.run(&choice, passes: 512, rows: rows)
            let (_, total) = machine.run(&choice, passes: 5120, rows: rows)
            #expect(Double(total) < 1.02 * Double(5120 * rows * best))
        }
    }

    @Test func `what takes two milliseconds with all threads is never tried alone`() {
        var choice = ThreadChoice()
        let (count, _) = Machine(alone: 1900, together: 2001).run(&choice, passes: 2000)
        #expect(count == 0)
        let (other, _) = Machine(alone: 1800, together: 1990).run(&choice, passes: 2000)
        #expect(other > 1400)
    }

    @Test func `one outlier in a trial decides nothing`() {
        var choice = ThreadChoice()
        for pass in 0..<8 {
            #expect(choice.runsAlone(rows: 1) == (pass >= 4))
            let time = pass == 2 ? 9000 : pass >= 4 ? 60 : 50
            choice.note(.microseconds(time), rows: 1)
        }
        #expect(!choice.runsAlone(rows: 1))
    }

    @Test func `batches of other sizes have their own choice`() {
        var choice = ThreadChoice()
        _ = Machine(alone: 5, together: 10).run(&choice, passes: 100, rows: 1)
        #expect(choice.runsAlone(rows: 1))
        #expect(!choice.runsAlone(rows: 2) && !choice.runsAlone(rows: 512))
    }
}
