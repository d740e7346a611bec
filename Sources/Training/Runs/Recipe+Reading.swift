public import Foundation
import Inference

extension Recipe {
    /// Reads a recipe's file.
    ///
    /// - Parameter path: Where it lies.
    /// - Throws: `TrainingError` naming the key that is missing, unknown or out of range.
    public init(path: String) throws(TrainingError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: "cannot be read")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            self = try decoder.decode(Recipe.self, from: data)
        } catch let error as DecodingError {
            throw .file(path: path, reason: error.keyReason ?? "is no JSON")
        } catch {
            throw .file(path: path, reason: "is no JSON")
        }
        guard let read = try? JSONSerialization.jsonObject(with: data),
            let known = try? JSONSerialization.jsonObject(with: json)
        else { throw .file(path: path, reason: "is no JSON") }
        if let key = Self.unknownKey(in: read, besides: known) {
            throw .file(path: path, reason: "\(key): no recipe has such a key")
        }
        try check()
    }

    /// The recipe as a file of its own holds it, keys sorted.
    public var json: Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else {
            preconditionFailure("a recipe holds nothing that JSON cannot")
        }
        return data + Data("\n".utf8)
    }

    private static func unknownKey(in read: Any, besides known: Any) -> String? {
        guard let read = read as? [String: Any], let known = known as? [String: Any] else {
            return nil
        }
        for (key, value) in read.sorted(by: { $0.key < $1.key }) {
            guard let other = known[key] else { return key }
            if let inner = unknownKey(in: value, besides: other) { return "\(key).\(inner)" }
        }
        return nil
    }

    private func check() throws(TrainingError) {
        func expect(_ isRight: Bool, _ name: String, _ expected: String, _ found: Any)
            throws(TrainingError)
        {
            guard isRight else {
                throw .setting(name: name, expected: expected, found: "\(found)")
            }
        }
        let (sft, rl) = (supervised, reinforcement)
        let counts = [
            ("vocabulary.size", vocabulary.size), ("vocabulary.examples", vocabulary.examples),
            ("supervised.steps", sft.steps), ("supervised.tokens_per_step", sft.tokensPerStep),
            ("supervised.longest_example", sft.longestExample),
            ("supervised.save_every", sft.saveEvery), ("reinforcement.steps", rl.steps),
            ("reinforcement.jobs", rl.jobs), ("reinforcement.save_every", rl.saveEvery),
            ("reinforcement.prompts_per_step", rl.promptsPerStep),
            ("reinforcement.minibatches", rl.minibatches),
            ("reinforcement.maximum_tokens", rl.maximumTokens),
            ("evaluation.test_problems", evaluation.testProblems),
            ("evaluation.calibration_problems", evaluation.calibrationProblems),
            ("evaluation.maximum_tokens", evaluation.maximumTokens),
        ]
        for (name, count) in counts {
            try expect((1...10_000_000).contains(count), name, "1 to 10000000", count)
        }
        try expect(
            rl.samplesPerPrompt >= 2, "reinforcement.samples_per_prompt", "2 or more",
            rl.samplesPerPrompt)
        for alpha in rl.alphas {
            try expect((0..<1).contains(alpha), "reinforcement.alphas", "0 up to 1", alpha)
        }
        try expect(
            Set(rl.alphas).count == rl.alphas.count, "reinforcement.alphas", "each once",
            rl.alphas)
        try expect(
            (0..<1).contains(rl.average), "reinforcement.average", "0 up to 1", rl.average)
        try expect(
            network.vocabularyRows >= vocabulary.size, "network.vocabulary_rows",
            "at least the vocabulary's \(vocabulary.size)", network.vocabularyRows)
        try expect(
            (0...100).contains(wording.instructionPercent), "wording.instruction_percent",
            "0 to 100", wording.instructionPercent)
        for (name, rate) in [
            ("supervised.learning_rate", sft.learningRate),
            ("reinforcement.learning_rate", rl.learningRate),
        ] {
            try expect(rate > 0 && rate < 1, name, "above 0, below 1", rate)
        }
    }
}
