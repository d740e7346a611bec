import Foundation
import TestSupport

@testable import Decoding

/// What the engine must say about a request, computed without engine, pages or batches.
enum Reference {
    /// Events after `.admitted`.
    static func events(
        _ request: SequenceRequest, seed: UInt64, vocabularySize: Int, memory: Int = .max
    ) -> [TokenEvent] {
        var sampler = Sampler()
        var tokens = request.prompt
        var history = TokenHistory(prompt: request.prompt, sampling: request.sampling)
        var events: [TokenEvent] = []
        func row(after count: Int) -> [Float] {
            ScriptedModel.logits(
                after: Array(tokens[..<count].suffix(memory)), member: request.member,
                vocabularySize: vocabularySize)
        }
        if request.promptLogprobs {
            var logprobs: [TokenLogprob?] = [nil]
            for position in 1..<max(request.prompt.count, 1) {
                logprobs.append(
                    sampler.logprob(
                        of: request.prompt[position], in: row(after: position).span,
                        alternatives: request.topLogprobs ?? 0))
            }
            events.append(.prompt(logprobs))
        }
        for step in 0..<request.maximumTokens {
            var logits = row(after: tokens.count)
            let id = sampler.sample(
                &logits, row: 0..<vocabularySize, parameters: request.sampling, history: history,
                random: CounterGenerator(seed: seed).uniform(step: step))
            let logprob = request.topLogprobs.map {
                sampler.logprob(of: id, in: logits.span, alternatives: $0)
            }
            events.append(.token(id: id, logprob: logprob))
            tokens.append(id)
            history.append(id)
            if request.stopIDs.contains(id) { return events + [.finished(.stop)] }
        }
        return events + [.finished(.length)]
    }

    /// The distribution that a row and parameters mean, sorted and in f64.
    static func distribution(
        _ row: [Float], _ parameters: SamplingParameters,
        prompt: [Int32] = [], output: [Int32] = []
    ) -> [Int: Double] {
        var scores = row.map { $0.isNaN ? -Double.infinity : Double($0) }
        for (id, bias) in parameters.logitBias { scores[Int(id)] += Double(bias) }
        let penalty = Double(parameters.repetitionPenalty)
        for id in Set(prompt).union(output).map(Int.init) {
            scores[id] = scores[id] > 0 ? scores[id] / penalty : scores[id] * penalty
        }
        for id in output { scores[Int(id)] -= Double(parameters.frequencyPenalty) }
        for id in Set(output) { scores[Int(id)] -= Double(parameters.presencePenalty) }

        var order = scores.indices.sorted {
            scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1]
        }
        guard parameters.temperature > 0 else { return [order[0]: 1] }
        if parameters.topK > 0 { order = Array(order.prefix(parameters.topK)) }
        let best = scores[order[0]]
        var weights: [Int: Double] = [:]
        for id in order {
            weights[id] = exp((scores[id] - best) / Double(parameters.temperature))
        }
        let total = order.reduce(0) { $0 + (weights[$1] ?? 0) }
        if parameters.topP < 1 {
            var (reached, count) = (0.0, 0)
            while count < order.count && reached < Double(parameters.topP) * total {
                reached += weights[order[count]] ?? 0
                count += 1
            }
            order = Array(order.prefix(count))
        }
        order = order.filter { (weights[$0] ?? 0) >= Double(parameters.minP) }
        let kept = order.reduce(0) { $0 + (weights[$1] ?? 0) }
        var result: [Int: Double] = [:]
        for id in order { result[id] = (weights[id] ?? 0) / kept }
        return result
    }
}

/// Requests of every kind, small enough to run by the thousand.
enum RandomRequests {
    static func sampling(using generator: inout SeededGenerator, vocabularySize: Int)
        -> SamplingParameters
    {
        var sampling = SamplingParameters()
        sampling.temperature = [0, 0.6, 1, 1.7].randomElement(using: &generator) ?? 1
        sampling.topK = [0, 0, 1, 5, 100].randomElement(using: &generator) ?? 0
        sampling.topP = [1, 1, 0.95, 0.5, 0.01].randomElement(using: &generator) ?? 1
        sampling.minP = [0, 0, 0.05, 1].randomElement(using: &generator) ?? 0
        sampling.repetitionPenalty = [1, 1, 1.3, 0.8].randomElement(using: &generator) ?? 1
        sampling.presencePenalty = [0, 0, 0.7, -1].randomElement(using: &generator) ?? 0
        sampling.frequencyPenalty = [0, 0, 0.4].randomElement(using: &generator) ?? 0
        if Bool.random(using: &generator) {
            let id = Int32.random(in: 0..<Int32(vocabularySize), using: &generator)
            sampling.logitBias[id] = .random(in: -4...4, using: &generator)
        }
        sampling.seed = generator.next()
        return sampling
    }

    static func request(using generator: inout SeededGenerator, shape: ScriptedModel.Shape)
        -> SequenceRequest
    {
        // Prompts begin alike often, so that prefixes are there to be shared.
        let family = UInt64.random(in: 0..<3, using: &generator)
        var words = SeededGenerator(seed: family)
        let length = Int.random(in: 1...30, using: &generator)
        let common = Int.random(in: 0...length, using: &generator)
        let vocabulary = Int32(shape.vocabularySize)
        var prompt = (0..<common).map { _ in Int32.random(in: 0..<vocabulary, using: &words) }
        while prompt.count < length {
            prompt.append(.random(in: 0..<vocabulary, using: &generator))
        }
        var request = SequenceRequest(
            prompt: prompt, maximumTokens: .random(in: 1...16, using: &generator))
        request.member = Int.random(in: 0..<shape.memberCount, using: &generator)
        request.sampling = sampling(using: &generator, vocabularySize: shape.vocabularySize)
        if Int.random(in: 0..<3, using: &generator) == 0 {
            request.stopIDs = [.random(in: 0..<vocabulary, using: &generator)]
        }
        request.topLogprobs = [nil, nil, 0, 3, 100].randomElement(using: &generator) ?? nil
        request.promptLogprobs = Int.random(in: 0..<5, using: &generator) == 0
        return request
    }
}

/// All events of a stream that ends by itself.
func collect(_ stream: TokenStream) async -> [TokenEvent] {
    var events: [TokenEvent] = []
    for await event in stream { events.append(event) }
    return events.apartFromSavings
}

extension [TokenEvent] {
    /// The events that depend on the request alone: all but what was cached or guessed.
    var apartFromSavings: [TokenEvent] {
        filter { event in
            switch event {
            case .reused, .drafted: false
            default: true
            }
        }
    }
}

/// The ids among events.
func ids(_ events: [TokenEvent]) -> [Int32] {
    events.compactMap { event in
        if case .token(let id, _) = event { id } else { nil }
    }
}
