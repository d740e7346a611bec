import ArgumentParser
import Foundation
import Inference

/// Measures the decoder as it is served.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure prefill and decode in tokens per second.",
        discussion: "The last line of --json is one JSON document.")

    @OptionGroup var models: ModelArguments

    @Option(
        help: ArgumentHelp("Prompt lengths to time, comma-separated.", valueName: "tokens"),
        transform: CommaSeparated.counts)
    var prompt: [Int] = [512]

    @Option(
        help: ArgumentHelp("Tokens cached when decoding starts.", valueName: "tokens"),
        transform: CommaSeparated.counts)
    var cached: [Int] = [128]

    @Option(
        help: ArgumentHelp("Sequences decoded at once.", valueName: "counts"),
        transform: CommaSeparated.counts)
    var batch: [Int] = [1, 8]

    @Option(help: ArgumentHelp("Decode steps in a repetition.", valueName: "count"))
    var steps = 32

    @Option(help: ArgumentHelp("Repetitions; medians are shown.", valueName: "count"))
    var repetitions = 5

    @Flag(help: "Write JSON instead of a table.")
    var json = false

    func validate() throws {
        guard (1...100_000).contains(steps), (1...1000).contains(repetitions) else {
            throw ValidationError("--steps and --repetitions: expected at least 1")
        }
        guard models.model.count == 1, models.family == nil else {
            throw ValidationError("Give one checkpoint: --model PATH.")
        }
    }

    func run() async throws {
        var plan = DecoderBenchmark.Plan()
        plan.promptLengths = prompt
        plan.contextLengths = cached
        plan.batchSizes = batch
        plan.stepCount = steps
        plan.repetitions = repetitions
        var results: [DecoderBenchmark.Result] = []
        let subject = try BenchmarkSubject(path: models.model[0], options: models.options)
        Terminal.errors.line(Terminal.errors.dim(subject.summary))
        subject.run(plan) { result in
            results.append(result)
            if json {
                Terminal.errors.line(Terminal.errors.dim(row(result).joined(separator: " ")))
            }
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let report = Report(model: subject.name, threads: subject.threads, results: results)
            Terminal.output.line(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            Terminal.output.table(
                header: ["phase", "tokens", "batch", "tokens/s", "slowest", "fastest"],
                rows: results.map(row))
        }
    }

    private struct Report: Encodable {
        var model: String
        var threads: Int
        var results: [DecoderBenchmark.Result]
    }

    private func row(_ result: DecoderBenchmark.Result) -> [String] {
        [result.phase, "\(result.tokens)", "\(result.batch)"]
            + [result.tokensPerSecond, result.slowest, result.fastest].map {
                String(format: "%.1f", $0)
            }
    }
}
