import Models
import TestSupport
import Testing

@testable import Decoding

/// Guesses save steps and change nothing else.
@Suite(.timeLimit(.minutes(5))) struct SpeculationTests {
    private static let modes: [Speculation] = [.always(1), .always(3), .always(8), .automatic]

    /// An engine over a model that repeats itself.
    private func engine(_ speculation: Speculation, pageSize: Int = 4) -> Engine {
        var shape = ScriptedModel.Shape()
        shape.memory = 2
        shape.pageSize = pageSize
        shape.pageCount = 600
        var configuration = EngineConfiguration()
        configuration.speculation = speculation
        return Engine(model: ScriptedModel(shape), configuration: configuration)
    }

    @Test(
        "a guess is what followed the longest of the latest matches, and runs on into itself",
        arguments: UInt64(0)..<40)
    func lookup(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Int32.random(in: 1...6, using: &generator)
        var tokens: [Int32] = []
        var lookup = PromptLookup()
        for _ in 0..<200 {
            tokens.append(.random(in: 0..<alphabet, using: &generator))
            if Bool.random(using: &generator) { continue }
            lookup.extend(to: tokens)
            let guess = lookup.guess(after: tokens, count: 5)
            let end = tokens.count - 1
            func match(_ place: Int) -> Int {
                var count = 0
                while count < PromptLookup.longestMatch, count <= place,
                    tokens[place - count] == tokens[end - count]
                { count += 1 }
                return count
            }
            let places = (0..<max(end, 0)).reversed().filter { match($0) >= 2 }
                .prefix(PromptLookup.places)
            let longest = places.map(match).max()
            #expect(guess?.match == longest)
            guard let guess, let place = places.first(where: { match($0) == longest }) else {
                continue
            }
            var onward = tokens
            for offset in 1...5 { onward.append(onward[place + offset]) }
            #expect(guess.tokens.elementsEqual(onward.suffix(5)))
        }
    }

    @Test("a text that loops is foretold, and takes so many fewer steps")
    func savesSteps() async throws {
        var request = SequenceRequest(prompt: [1, 2, 3], maximumTokens: 200)
        request.sampling.temperature = 0
        let plain = engine(.off)
        let expected = await collect(try plain.submit(request))
        let guessing = engine(.always(7))
        #expect(await collect(try guessing.submit(request)) == expected)
        await guessing.drain()
        let statistics = guessing.statistics
        #expect(statistics.tokensGenerated == 200)
        // All but the guesses that were right took a step each.
        #expect(statistics.steps == 200 - statistics.draftTokensAccepted)
        #expect(statistics.draftTokensAccepted > 100)
        #expect(statistics.pagesUsed == 0)
    }

    @Test(
        "thoughts, their closing, stops, ceilings and chances are the same with and without",
        arguments: UInt64(0)..<40)
    func thoughts(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let plain = engine(.off)
        let mode = Self.modes[Int(seed) % Self.modes.count]
        let guessing = engine(mode, pageSize: .random(in: 1...9, using: &generator))
        var pairs: [(TokenStream, TokenStream)] = []
        for _ in 0..<6 {
            var request = ScriptedThought.request(
                maximum: .random(in: 5...60, using: &generator), seed: generator.next())
            request.sampling = RandomRequests.sampling(using: &generator, vocabularySize: 24)
            request.thought = ScriptedThought.control(startsOpen: .random(using: &generator))
            request.thought?.maximumTokens =
                Bool.random(using: &generator) ? .random(in: 5...40, using: &generator) : nil
            request.thought?.answerReserve = .random(in: 0...8, using: &generator)
            request.thought?.grace = .random(in: 0...5, using: &generator)
            request.thought?.closes = Int.random(in: 0..<4, using: &generator) > 0
            request.topLogprobs = [nil, 0, 3].randomElement(using: &generator) ?? nil
            pairs.append((try plain.submit(request), try guessing.submit(request)))
        }
        for (expected, guessed) in pairs {
            #expect(await collect(guessed) == (await collect(expected)))
        }
        for engine in [plain, guessing] {
            await engine.drain()
            #expect(engine.statistics.pagesUsed == 0)
        }
    }

    @Test("the words that close a thought cost one step, not one each")
    func closing() async throws {
        var request = ScriptedThought.request(maximum: 12)
        request.thought?.maximumTokens = 8
        var steps: [Int] = []
        for mode in [Speculation.off, .always(8)] {
            var shape = ScriptedModel.Shape()
            shape.pageCount = 100
            var configuration = EngineConfiguration()
            configuration.speculation = mode
            let engine = Engine(model: ScriptedModel(shape), configuration: configuration)
            _ = await collect(try engine.submit(request))
            await engine.drain()
            steps.append(engine.statistics.steps)
        }
        #expect(steps[1] <= steps[0] - (ScriptedThought.closer.count - 1))
    }

    @Test("a sequence says at its end how much was guessed")
    func told() async throws {
        var request = SequenceRequest(prompt: [1, 2, 3], maximumTokens: 100)
        request.sampling.temperature = 0
        let engine = engine(.always(4))
        var told: [TokenEvent] = []
        for await event in try engine.submit(request) {
            if case .drafted = event { told.append(event) }
        }
        await engine.drain()
        let statistics = engine.statistics
        #expect(
            told == [
                .drafted(
                    tokens: statistics.draftTokens, accepted: statistics.draftTokensAccepted)
            ])
    }

    /// Runs a policy against steps of a known cost.
    ///
    /// - Returns: Seconds a token, and guesses a step.
    private func simulate(
        chance: Double, sequences: Int = 1, steps: Int = 6000, seconds: (Int) -> Double
    ) -> (secondsPerToken: Double, guesses: Double) {
        var policy = DraftPolicy()
        var generator = SeededGenerator(seed: 5)
        var drafts = [Draft](repeating: Draft(), count: sequences)
        var (time, tokens, guesses) = (0.0, 0, 0)
        for _ in 0..<steps {
            for index in drafts.indices {
                drafts[index].guess = Array(repeating: 0, count: 8)
                drafts[index].match = 5
            }
            let offers = drafts.map {
                DraftPolicy.Offer(count: 8, chance: $0.chance(prior: policy.chance(match: 5)))
            }
            let counts = policy.counts(offers, sequences: sequences, room: 64)
            for (index, count) in counts.enumerated() {
                drafts[index].limit(to: count)
                var right = 0
                while right < count, Double.random(in: 0..<1, using: &generator) < chance {
                    right += 1
                }
                if count > 0 { policy.note(match: 5, guessed: count, right: right) }
                drafts[index].settle(accepted: right)
                tokens += 1 + right
            }
            let rows = sequences + counts.reduce(0, +)
            guesses += rows - sequences
            time += seconds(rows)
            policy.cost.note(.seconds(seconds(rows)), tokens: rows)
        }
        return (time / Double(tokens), Double(guesses) / Double(steps))
    }

    @Test(
        "where every row costs as much as a step, guessing costs less than 2 %",
        arguments: [0, 0.3, 0.6, 0.8], [1, 4, 12])
    func computeBound(chance: Double, sequences: Int) {
        let cost = simulate(chance: chance, sequences: sequences, steps: 3000) {
            0.001 * Double($0)
        }
        #expect(cost.secondsPerToken < 0.001 * 1.02)
    }

    @Test(
        "where guesses are never right, they cost less than 2 % however cheap they look",
        arguments: [1, 8])
    func neverRight(sequences: Int) {
        let cost = simulate(chance: 0, sequences: sequences) { 0.010 + 0.003 * Double($0) }
        let plain = (0.010 + 0.003 * Double(sequences)) / Double(sequences)
        #expect(cost.secondsPerToken < plain * 1.02)
    }

    @Test("where memory bounds the step, guesses that are mostly right are made, and pay")
    func memoryBound() {
        let cost = simulate(chance: 0.8) { 0.010 + 0.0005 * Double($0) }
        #expect(cost.guesses > 3 && cost.secondsPerToken < 0.0105 / 2)
    }

    @Test("a slow step that somebody else caused does not end guessing for good")
    func outliers() {
        var step = 0
        let cost = simulate(chance: 0.8) { rows in
            step += 1
            return (0.010 + 0.0005 * Double(rows)) * (step % 211 == 0 ? 30 : 1)
        }
        #expect(cost.guesses > 2)
    }
}
