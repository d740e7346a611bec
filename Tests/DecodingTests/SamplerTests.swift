import Foundation
import TestSupport
import Testing

@testable import Decoding

@Suite struct SamplerTests {
    private static func row(
        _ count: Int, spread: Float, using generator: inout SeededGenerator, ties: Bool = false
    ) -> [Float] {
        (0..<count).map { _ in
            let value = Float.random(in: -spread...spread, using: &generator)
            return ties ? value.rounded() : value
        }
    }

    private func sample(
        _ row: [Float], _ parameters: SamplingParameters, random: Double,
        prompt: [Int32] = [], output: [Int32] = []
    ) -> Int {
        var sampler = Sampler()
        var logits = row
        var history = TokenHistory(prompt: prompt, sampling: parameters)
        for id in output { history.append(id) }
        return Int(
            sampler.sample(
                &logits, row: 0..<row.count, parameters: parameters, history: history,
                random: random))
    }

    @Test(
        "an even grid of draws meets each token as often as the definition says",
        arguments: UInt64(0)..<100)
    func distribution(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...70, using: &generator)
        let row = Self.row(count, spread: 6, using: &generator, ties: seed % 3 == 0)
        let parameters = RandomRequests.sampling(using: &generator, vocabularySize: count)
        let prompt = (0..<5).map { _ in Int32.random(in: 0..<Int32(count), using: &generator) }
        let output = (0..<9).map { _ in Int32.random(in: 0..<Int32(count), using: &generator) }
        let expected = Reference.distribution(row, parameters, prompt: prompt, output: output)

        let draws = 500
        var sampler = Sampler()
        var history = TokenHistory(prompt: prompt, sampling: parameters)
        for id in output { history.append(id) }
        var logits = row
        var counts: [Int: Int] = [:]
        for draw in 0..<draws {
            let id = sampler.sample(
                &logits, row: 0..<count, parameters: parameters, history: history,
                random: (Double(draw) + 0.5) / Double(draws))
            counts[Int(id), default: 0] += 1
        }
        #expect(logits == row, "the row is left as it was found")
        for id in 0..<count {
            let share = Double(counts[id] ?? 0) / Double(draws)
            // A grid meets an interval of length p between np - 1 and np + 1 times.
            #expect(
                abs(share - (expected[id] ?? 0)) <= 1.01 / Double(draws),
                "token \(id) with \(parameters)")
        }
    }

    @Test(
        "seeded draws pass a chi-square test against the definition",
        arguments: [
            (1.0, 0, 1.0, 0.0), (0.6, 0, 1.0, 0.0), (2.5, 0, 1.0, 0.0), (1.0, 7, 1.0, 0.0),
            (1.0, 0, 0.8, 0.0), (0.6, 0, 0.95, 0.0), (1.0, 0, 1.0, 0.2), (0.9, 12, 0.7, 0.05),
        ] as [(Float, Int, Float, Float)])
    func chiSquare(temperature: Float, topK: Int, topP: Float, minP: Float) {
        var generator = SeededGenerator(seed: 11)
        let row = Self.row(40, spread: 3, using: &generator)
        var parameters = SamplingParameters()
        parameters.temperature = temperature
        parameters.topK = topK
        parameters.topP = topP
        parameters.minP = minP
        let history = TokenHistory(prompt: [], sampling: parameters)
        var sampler = Sampler()
        var logits = row
        let draws = 5000
        // Over steps of one seed, then over seeds of one step.
        for source in [
            { CounterGenerator(seed: 42).uniform(step: $0) },
            { CounterGenerator(seed: UInt64($0)).uniform(step: 0) },
        ] {
            var counts: [Int: Int] = [:]
            for draw in 0..<draws {
                let id = sampler.sample(
                    &logits, row: 0..<40, parameters: parameters, history: history,
                    random: source(draw))
                counts[Int(id), default: 0] += 1
            }
            #expect(
                ChiSquare.agrees(
                    counts, Reference.distribution(row, parameters), draws: draws))
        }
    }

    @Test("the chi-square test notices a temperature that is off by a tenth")
    func chiSquareHasPower() {
        var generator = SeededGenerator(seed: 11)
        let row = Self.row(40, spread: 3, using: &generator)
        var parameters = SamplingParameters()
        let history = TokenHistory(prompt: [], sampling: parameters)
        var sampler = Sampler()
        var logits = row
        var counts: [Int: Int] = [:]
        for draw in 0..<20_000 {
            let id = sampler.sample(
                &logits, row: 0..<40, parameters: parameters, history: history,
                random: CounterGenerator(seed: 42).uniform(step: draw))
            counts[Int(id), default: 0] += 1
        }
        parameters.temperature = 1.1
        #expect(
            !ChiSquare.agrees(counts, Reference.distribution(row, parameters), draws: 20_000))
    }

    @Test("cuts of a wide vocabulary keep what the definition keeps", arguments: UInt64(0)..<12)
    func wideVocabulary(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = 1203
        let row = Self.row(count, spread: 9, using: &generator, ties: seed % 2 == 0)
        var parameters = SamplingParameters()
        parameters.topP = [0.3, 0.9, 0.999][Int(seed % 3)]
        parameters.topK = seed % 4 == 0 ? 500 : 0
        parameters.minP = seed % 5 == 0 ? 0.01 : 0
        let expected = Reference.distribution(row, parameters)
        let draws = 150
        var counts: [Int: Int] = [:]
        for draw in 0..<draws {
            let id = sample(row, parameters, random: (Double(draw) + 0.5) / Double(draws))
            counts[id, default: 0] += 1
        }
        // Told once: thousands of expectations would take longer than what they expect.
        let strangers = (0..<count).filter { id in
            let share = Double(counts[id] ?? 0) / Double(draws)
            return abs(share - (expected[id] ?? 0)) > 1.01 / Double(draws)
        }
        #expect(strangers.isEmpty)
    }

    @Test("temperature 0 takes the lowest id among the highest")
    func greedy() {
        var generator = SeededGenerator(seed: 3)
        var parameters = SamplingParameters()
        parameters.temperature = 0
        for count in [1, 2, 7, 8, 9, 64, 1023, 1024, 1025, 3000] {
            let row = Self.row(count, spread: 4, using: &generator, ties: true)
            #expect(sample(row, parameters, random: 0.9) == row.firstIndex(of: row.max() ?? 0))
        }
        #expect(sample([-0.0, 0.0], parameters, random: 0.5) == 0)
        #expect(sample([0.0, -0.0], parameters, random: 0.5) == 0)
    }

    @Test("of equals, the cuts keep the lower ids")
    func tiesInCuts() {
        var parameters = SamplingParameters()
        parameters.topK = 3
        let row: [Float] = [1, 2, -0.0, 2, 0.0, 2, 2]
        #expect(
            Set((0..<50).map { sample(row, parameters, random: Double($0) / 50) }) == [1, 3, 5])
        parameters.topK = 0
        parameters.topP = 0.5
        let even = [Float](repeating: 3, count: 16)
        #expect(
            Set((0..<64).map { sample(even, parameters, random: Double($0) / 64) })
                == Set(0..<8))
    }

    @Test("no row, however broken, stops the sampler", arguments: UInt64(0)..<60)
    func brokenRows(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let evil: [Float] = [
            .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
            .leastNonzeroMagnitude, 0, 1, .signalingNaN,
        ]
        let count = Int.random(in: 1...40, using: &generator)
        let choices = (0...Int.random(in: 0..<4, using: &generator)).compactMap { _ in
            evil.randomElement(using: &generator)
        }
        let row = (0..<count).map { _ in choices.randomElement(using: &generator) ?? 0 }
        for _ in 0..<20 {
            var parameters = RandomRequests.sampling(using: &generator, vocabularySize: count)
            parameters.temperature =
                [0, .leastNonzeroMagnitude, 1, .greatestFiniteMagnitude]
                .randomElement(using: &generator) ?? 1
            parameters.repetitionPenalty =
                [1, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
                .randomElement(using: &generator) ?? 1
            parameters.logitBias = [0: .greatestFiniteMagnitude]
            let id = sample(
                row, parameters, random: .random(in: 0..<1, using: &generator), prompt: [0],
                output: [0])
            #expect((0..<count).contains(id))
            var sampler = Sampler()
            let logprob = sampler.logprob(of: Int32(id), in: row.span, alternatives: 3)
            #expect(logprob.logprob.isFinite && logprob.logprob <= 0)
            #expect(logprob.top.allSatisfy { $0.logprob.isFinite && $0.logprob <= 0 })
        }
    }

    @Test("NaN is never drawn while anything else is there, and token 0 when nothing is")
    func notANumber() {
        for temperature in [Float(0), 1] {
            for topK in [0, 2] {
                var parameters = SamplingParameters()
                parameters.temperature = temperature
                parameters.topK = topK
                let row: [Float] = [.nan, .nan, 5, .nan, -.infinity]
                let drawn = (0..<20).map { sample(row, parameters, random: Double($0) / 20) }
                #expect(Set(drawn) == [2])
                #expect(sample([.nan, .nan], parameters, random: 0.9) == 0)
                #expect(sample([-.infinity, .nan], parameters, random: 0.9) == 0)
                #expect(sample([0, .infinity, 1], parameters, random: 0.9) == 1)
            }
        }
    }

    @Test("an infinitesimal temperature is greedy and an enormous one uniform")
    func extremeTemperatures() {
        var parameters = SamplingParameters()
        parameters.temperature = .leastNonzeroMagnitude
        let row: [Float] = [1, 1.0001, 0, -3]
        #expect(Set((0..<20).map { sample(row, parameters, random: Double($0) / 20) }) == [1])
        parameters.temperature = .greatestFiniteMagnitude
        #expect((0..<4).map { sample(row, parameters, random: Double($0) / 4) } == [0, 1, 2, 3])
    }

    @Test("repetition looks at prompt and output, presence and frequency at the output alone")
    func penalties() {
        var parameters = SamplingParameters()
        parameters.temperature = 0
        parameters.repetitionPenalty = 2
        #expect(sample([3, 2, -1], parameters, random: 0, prompt: [0]) == 1)
        #expect(sample([3, 2, -1], parameters, random: 0, prompt: [0], output: [0, 0]) == 1)
        #expect(sample([-1, -1.5, -9], parameters, random: 0, output: [0]) == 1)
        parameters.repetitionPenalty = 1
        parameters.presencePenalty = 1.5
        #expect(sample([3, 2], parameters, random: 0, prompt: [0]) == 0)
        #expect(sample([3, 2], parameters, random: 0, output: [0]) == 1)
        parameters.presencePenalty = 0
        parameters.frequencyPenalty = 0.4
        #expect(sample([3, 2], parameters, random: 0, output: [0, 0]) == 0)
        #expect(sample([3, 2], parameters, random: 0, output: [0, 0, 0]) == 1)
    }

    @Test("log-probabilities are those of the model, whatever was done to draw", arguments: 1...30)
    func logprobs(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let row = Self.row(count * 7, spread: 8, using: &generator, ties: count % 2 == 0)
        let maximum = Double(row.max() ?? 0)
        let normaliser = maximum + log(row.reduce(0.0) { $0 + exp(Double($1) - maximum) })
        let order = row.indices.sorted { row[$0] == row[$1] ? $0 < $1 : row[$0] > row[$1] }
        var sampler = Sampler()
        for alternatives in [0, 1, 5, 1000] {
            let id = Int.random(in: row.indices, using: &generator)
            let result = sampler.logprob(
                of: Int32(id), in: row.span, alternatives: alternatives)
            #expect(result.id == Int32(id))
            #expect(abs(Double(result.logprob) - (Double(row[id]) - normaliser)) < 2e-6)
            #expect(result.top.map { Int($0.id) } == Array(order.prefix(alternatives)))
            for alternative in result.top {
                let expected = Double(row[Int(alternative.id)]) - normaliser
                #expect(abs(Double(alternative.logprob) - expected) < 2e-6)
            }
        }
    }

    @Test("the vector exponential is within 3e-7 of the exact one")
    func exponential() {
        for step in 0..<20_000 {
            let x = -Float(step) * 87 / 20_000
            let ours = Double(LogitScan.exp(LogitScan.Lanes(repeating: x))[3])
            #expect(abs(ours / exp(Double(x)) - 1) < 3e-7)
        }
        #expect(LogitScan.exp(.init(repeating: -.infinity))[0] == 0)
        #expect(LogitScan.exp(.init(repeating: -200))[0] == 0)
        #expect(LogitScan.exp(.init(repeating: 0))[0] == 1)
    }

    @Test("selection finds the likeliest, whatever the order they come in")
    func selection() {
        var generator = SeededGenerator(seed: 8)
        let count = 3000
        let shuffled = Self.row(count, spread: 100, using: &generator)
        let rows: [[Float]] = [
            shuffled, shuffled.sorted(), shuffled.sorted(by: >),
            Array(repeating: 1, count: count),
            (0..<count).map { Float(min($0, count - $0)) },
            (0..<count).map { Float($0 % 2 == 0 ? $0 : -$0) },
        ]
        for row in rows {
            let order = row.indices.sorted { row[$0] == row[$1] ? $0 < $1 : row[$0] > row[$1] }
            for keep in [0, 1, 2, 40, 1499, 1501, 2999, 3000, 5000] {
                var selection = CandidateSelection()
                selection.takeTop(keep, of: row.span)
                #expect(selection.sortedIDs() == Array(order.prefix(keep)))
            }
        }
    }
}
