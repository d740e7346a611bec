import Kernels
import Testing

@Suite struct ThreadChoiceTests {
    /// A machine on which passes of a row take so many microseconds.
    private struct Machine {
        var together: Int
        var alone: Int
        var apart = Int.max / 4096

        private func time(_ way: ThreadChoice.Way) -> Int {
            switch way {
            case .together: together
            case .alone: alone
            case .apart: apart
            }
        }

        /// Runs passes and counts those of each way, and all microseconds.
        func run(
            _ choice: inout ThreadChoice, passes: Int, rows: Int = 1, isDivisible: Bool = false
        ) -> (counts: [ThreadChoice.Way: Int], total: Int) {
            var (counts, total): ([ThreadChoice.Way: Int], Int) = ([:], 0)
            for _ in 0..<passes {
                let way = choice.way(rows: rows, isDivisible: isDivisible)
                let time = rows * time(way)
                counts[way, default: 0] += 1
                total += time
                choice.note(.microseconds(time), rows: rows, isDivisible: isDivisible)
            }
            return (counts, total)
        }
    }

    @Test(arguments: [1, 3, 8, 32])
    func `the quickest way is taken but for trials, and again when it changes`(rows: Int) {
        var choice = ThreadChoice()
        let near = Machine(together: 20, alone: 30, apart: 25)
        let far = Machine(together: 60, alone: 30, apart: 35)
        let small = Machine(together: 25, alone: 30, apart: 20)
        for (machine, best) in [(near, 20), (far, 30), (small, 20), (far, 30), (near, 20)] {
            // what the change needs to be seen
            _ = machine.run(&choice, passes: 512, rows: rows, isDivisible: true)
            let total = machine.run(&choice, passes: 5120, rows: rows, isDivisible: true)
                .total
            #expect(Double(total) < 1.02 * Double(5120 * rows * best))
        }
    }

    @Test func `what takes two milliseconds with all threads is never tried alone`() {
        var choice = ThreadChoice()
        let slow = Machine(together: 2001, alone: 1900, apart: 1950)
        let counts = slow.run(&choice, passes: 2000, isDivisible: true).counts
        #expect(counts[.alone] == nil)
        #expect(counts[.apart, default: 0] < 50, "2 % is too little to change")
        let quick = Machine(together: 2001, alone: 1900, apart: 1500)
        #expect(quick.run(&choice, passes: 2000, isDivisible: true).counts[.alone] == nil)
        #expect(choice.way(rows: 1, isDivisible: true) == .apart)
        let short = Machine(together: 1990, alone: 1800)
        #expect(short.run(&choice, passes: 2000).counts[.alone, default: 0] > 1400)
    }

    @Test func `what cannot be divided is not dealt out`() {
        var choice = ThreadChoice()
        let machine = Machine(together: 50, alone: 50, apart: 1)
        #expect(machine.run(&choice, passes: 2000, rows: 8).counts[.apart] == nil)
        #expect(machine.run(&choice, passes: 2000, rows: 8, isDivisible: true).total < 100_000)
    }

    @Test func `passes of a second are tried once, and again within a minute`() {
        var choice = ThreadChoice()
        let memoryBound = Machine(together: 1_000_000, alone: 0, apart: 2_000_000)
        var counts = memoryBound.run(&choice, passes: 3, isDivisible: true).counts
        #expect(counts == [.together: 2, .apart: 1])
        let computeBound = Machine(together: 1_000_000, alone: 0, apart: 800_000)
        counts = computeBound.run(&choice, passes: 60, isDivisible: true).counts
        #expect(counts[.apart, default: 0] > 20)
        #expect(choice.way(rows: 1, isDivisible: true) == .apart)
    }

    @Test func `one outlier in a trial decides nothing`() {
        var choice = ThreadChoice()
        for pass in 0..<8 {
            #expect(choice.way(rows: 1, isDivisible: false) == (pass < 4 ? .together : .alone))
            let time = pass == 2 ? 9000 : pass >= 4 ? 60 : 50
            choice.note(.microseconds(time), rows: 1, isDivisible: false)
        }
        #expect(choice.way(rows: 1, isDivisible: false) == .together)
    }

    @Test func `batches of other sizes have their own choice`() {
        var choice = ThreadChoice()
        _ = Machine(together: 10, alone: 5).run(&choice, passes: 100)
        #expect(choice.way(rows: 1, isDivisible: false) == .alone)
        for rows in [2, 512] { #expect(choice.way(rows: rows, isDivisible: false) == .together) }
    }
}
