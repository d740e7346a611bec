import ArgumentParser
import Benchmarking
import Foundation
import Inference
import Kernels

/// Measures the decoder as it is served.
struct BenchDecoderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decoder",
        abstract: "Measure prefill and decode, beside what the machine can do (the default).",
        discussion: """
            The roof of a row is the least time that its bytes need at the best bandwidth, or its \
            operations at the peak, whichever is longer; it is measured right before and right \
            after the row, and the better counts. The share is that time over the measured one. \
            The second table says where the time of one more repetition went, over all threads: in \
            products and attention that threads share, waiting for each other is included.
            """)

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

    @Option(
        help: ArgumentHelp(
            "Repetitions, after one that does not count; medians are shown.", valueName: "count"))
    var repetitions = 5

    @OptionGroup var record: BenchRecord

    func validate() throws {
        guard (1...100_000).contains(steps), (1...1000).contains(repetitions) else {
            throw ValidationError("--steps and --repetitions: expected at least 1")
        }
        guard models.model.count <= 1, models.family == nil else {
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
        guard let path = models.model.first ?? ShippedFamily.path.map({ $0 + "/base" }) else {
            throw ValidationError("Give one checkpoint: --model PATH.")
        }
        var subject = try BenchmarkSubject(path: path, options: models.options)
        Terminal.errors.line(Terminal.errors.dim(subject.summary))
        var results: [DecoderBenchmark.Result] = []
        subject.run(plan) { result in
            results.append(result)
            Terminal.errors.line(
                Terminal.errors.dim(
                    "\(result.key): \(String(format: "%.1f", result.tokensPerSecond)) tokens/s"))
        }
        let rows = results.map(\.row)
        if record.json {
            let document = BenchmarkDocument(
                kind: .decoder, program: record.program,
                machine: BenchmarkMachine(
                    threads: subject.threads, instructionSet: subject.instructionSet.rawValue),
                command: record.command,
                subject: [
                    "model": subject.name, "path": path, "summary": subject.summary,
                    "weights": models.weights?.rawValue ?? "as stored",
                ],
                limits: subject.limits.rows, rows: rows)
            Terminal.output.line(try document.json())
        } else {
            Terminal.output.table(
                header: [
                    "phase", "tokens", "batch", "tokens/s", "slowest", "fastest", "ms/step",
                    "MB/token", "Mop/token", "roof", "share",
                ], rows: zip(results, rows).map { Self.cells($0, $1) })
            Terminal.output.line(Terminal.output.dim(subject.limits.summary))
            Terminal.output.line("")
            Terminal.output.table(
                header: ["phase", "tokens", "batch"]
                    + OperationTimes.Kind.allCases.map { "\($0)" },
                rows: results.map(Self.timeCells))
        }
    }

    private static func cells(
        _ result: DecoderBenchmark.Result, _ row: BenchmarkDocument.Row
    ) -> [String] {
        let number = { (name: String, scale: Double, format: String) in
            String(format: format, (row.details[name] ?? 0) * scale)
        }
        return [result.phase.rawValue, "\(result.tokens)", "\(result.batch)"]
            + [row.median, row.minimum, row.maximum].map { String(format: "%.1f", $0) }
            + [
                number("step_ms", 1, "%.3f"), number("bytes_per_token", 1e-6, "%.2f"),
                number("operations_per_token", 1e-6, "%.1f"), row.roof ?? "",
                number("roof_share", 100, "%.0f %%"),
            ]
    }

    /// Percent of the time that all threads spent at each kind of operation.
    private static func timeCells(_ result: DecoderBenchmark.Result) -> [String] {
        [result.phase.rawValue, "\(result.tokens)", "\(result.batch)"]
            + OperationTimes.Kind.allCases.map { kind in
                String(format: "%.0f %%", 100 * (result.share(of: kind) ?? 0))
            }
    }
}

extension DecoderBenchmark.Result {
    /// What rows of two runs are matched by.
    var key: String {
        phase == .prefill ? "prefill \(tokens)" : "decode \(batch) at \(tokens)"
    }

    /// The share of all threads' time that went to one kind of operation.
    func share(of kind: OperationTimes.Kind) -> Double? {
        times.flatMap { $0.total > .zero ? $0[kind] / $0.total : nil }
    }

    /// The result as a document's row.
    var row: BenchmarkDocument.Row {
        var details = [
            "tokens": Double(tokens), "batch": Double(batch), "step_ms": stepSeconds * 1000,
            "bytes_per_token": Double(work.byteCount) / Double(stepTokens),
            "operations_per_token": Double(work.operationCount) / Double(stepTokens),
        ]
        if let roof {
            details["roof_tokens_per_second"] = Double(stepTokens) / roof.seconds
            details["roof_share"] = roof.seconds / stepSeconds
        }
        for kind in OperationTimes.Kind.allCases {
            details["time_\(kind)"] = share(of: kind)
        }
        return BenchmarkDocument.Row(
            key: key, unit: "tokens/s", better: .higher, samples: samples, details: details,
            roof: roof?.bound.name)
    }
}

extension MachineLimits {
    /// The limits as a document's rows.
    var rows: [BenchmarkDocument.Row] {
        [
            BenchmarkDocument.Row(
                key: "memory", unit: "bytes/s", better: .higher, samples: memory),
            BenchmarkDocument.Row(
                key: "cache", unit: "bytes/s", better: .higher, samples: cache,
                details: ["cache_bytes": Double(cacheByteCount)]),
        ]
            + Arithmetic.allCases.compactMap { arithmetic in
                operations[arithmetic].map {
                    BenchmarkDocument.Row(
                        key: arithmetic.rawValue, unit: "operations/s", better: .higher,
                        samples: [$0])
                }
            }
    }

    /// The limits in a line.
    var summary: String {
        let peaks = Arithmetic.allCases.compactMap { arithmetic in
            operations[arithmetic].map {
                String(format: "%.0f Gop/s \(arithmetic.rawValue)", $0 * 1e-9)
            }
        }
        let reads = rows.prefix(2).map {
            String(format: "\($0.key) %.1f GB/s (median %.1f)", $0.maximum * 1e-9, $0.median * 1e-9)
        }
        return "limits: " + (reads + peaks).joined(separator: ", ")
    }
}
