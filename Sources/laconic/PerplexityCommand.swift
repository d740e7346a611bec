import ArgumentParser
import Foundation
import Inference
import Kernels

/// Measures what a way to keep weights loses.
struct PerplexityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perplexity",
        abstract: "Measure how well a checkpoint foretells a text, as its weights are kept.",
        discussion: """
            --against reads the text a second time, with other weights and keys and values in \
            f32, and says how the perplexities relate and how often both prefer the same token.
            """)

    @OptionGroup var models: ModelArguments

    @Option(
        help: ArgumentHelp(
            "The text, or JSON lines whose question and solution (else text) are read.",
            valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("Tokens of a window.", valueName: "tokens"))
    var window = 512

    @Option(help: ArgumentHelp("Tokens to read at most.", valueName: "count"))
    var limit = 16384

    @Option(help: ArgumentHelp("Weights to compare with, such as stored.", valueName: "format"))
    var against: WeightType?

    @Flag(help: "Write JSON, with the log-likelihood of every token, instead of a table.")
    var json = false

    func validate() throws {
        guard models.model.count == 1, models.family == nil else {
            throw ValidationError("Give one checkpoint: --model PATH.")
        }
        guard (2...1_000_000).contains(window), (2...100_000_000).contains(limit) else {
            throw ValidationError("--window and --limit: expected at least 2 tokens")
        }
    }

    func run() async throws {
        let text = try readText()
        let found = try Perplexity(path: models.model[0], options: models.options)
            .run(over: text, window: window, limit: limit)
        guard !found.choices.isEmpty else {
            throw ValidationError("\(data): expected at least two tokens of text")
        }
        var report = Report(
            tokens: found.choices.count, perplexity: found.perplexity,
            logLikelihoods: found.logLikelihoods)
        if let against {
            var options = models.options
            options.weights = against.format
            options.keyValueType = .f32
            let other = try Perplexity(path: models.model[0], options: options)
                .run(over: text, window: window, limit: limit)
            report.against = other.perplexity
            report.ratio = found.perplexity / other.perplexity
            report.agreement = found.agreement(with: other)
        }
        try show(report)
    }

    private struct Report: Encodable {
        var tokens: Int
        var perplexity: Double
        var against: Double?
        var ratio: Double?
        var agreement: Double?
        var logLikelihoods: [Float]
    }

    private func show(_ report: Report) throws {
        guard !json else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            Terminal.output.line(String(decoding: try encoder.encode(report), as: UTF8.self))
            return
        }
        var cells = ["\(report.tokens)", String(format: "%.4f", report.perplexity)]
        var header = ["tokens", "perplexity"]
        if let against = report.against, let ratio = report.ratio, let same = report.agreement {
            header += ["against", "ratio", "same choice %"]
            cells += [
                String(format: "%.4f", against), String(format: "%.5f", ratio),
                String(format: "%.2f", 100 * same),
            ]
        }
        Terminal.output.table(header: header, rows: [cells])
    }

    private func readText() throws -> String {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: data))
        } catch {
            throw ValidationError("\(data): \(error.localizedDescription)")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard data.hasSuffix(".jsonl") else { return text }
        let lines = text.split(separator: "\n")
        return try lines.enumerated().map { number, line in
            guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line.utf8)),
                let text = entry.all
            else {
                throw ValidationError(
                    "\(data):\(number + 1): expected an object with question and solution, or text")
            }
            return text
        }.joined(separator: "\n\n")
    }

    private struct Entry: Decodable {
        var text: String?
        var question: String?
        var solution: String?

        var all: String? {
            guard let question else { return text }
            return solution.map { question + "\n" + $0 } ?? question
        }
    }
}
