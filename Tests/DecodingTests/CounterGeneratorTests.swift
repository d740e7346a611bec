import Testing

@testable import Decoding

@Suite struct CounterGeneratorTests {
    @Test("a draw depends on seed and step alone")
    func pure() {
        let forwards = (0..<100).map { CounterGenerator(seed: 7).bits(step: $0) }
        let generator = CounterGenerator(seed: 7)
        let backwards = (0..<100).reversed().map { generator.bits(step: $0) }
        #expect(forwards == backwards.reversed())
        #expect(Set(forwards).count == 100)
    }

    @Test("neighbouring seeds and steps share no draws")
    func distinct() {
        var seen: Set<UInt64> = []
        for seed in UInt64(0)..<100 {
            for step in 0..<100 { seen.insert(CounterGenerator(seed: seed).bits(step: step)) }
        }
        // Also at a distance that would shift one sequence of SplitMix64 onto another.
        for step in 0..<100 {
            seen.insert(CounterGenerator(seed: 0x9E37_79B9_7F4A_7C15).bits(step: step))
        }
        #expect(seen.count == 10_100)
    }

    @Test("draws of one step over seeds, and of one seed over steps, are uniform in [0, 1)")
    func uniform() {
        let draws = 64_000
        for source in [
            { CounterGenerator(seed: 5).uniform(step: $0) },
            { CounterGenerator(seed: UInt64($0)).uniform(step: 3) },
        ] {
            var counts = Array(repeating: 0, count: 64)
            for index in 0..<draws {
                let value = source(index)
                #expect(value >= 0 && value < 1)
                counts[min(63, Int(value * 64))] += 1
            }
            let observed = Dictionary(uniqueKeysWithValues: counts.enumerated().map { ($0, $1) })
            let expected = Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, 1.0 / 64) })
            #expect(ChiSquare.agrees(observed, expected, draws: draws))
        }
    }

    @Test("step and seed take any value")
    func extremes() {
        let generator = CounterGenerator(seed: .max)
        #expect(generator.uniform(step: .max) < 1)
        #expect(generator.uniform(step: 0) >= 0)
    }
}
