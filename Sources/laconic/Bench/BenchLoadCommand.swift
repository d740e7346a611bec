import ArgumentParser
import Benchmarking
import Foundation
import Sockets

/// Puts a served model under load.
struct BenchLoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Put any OpenAI-compatible server under load and time its streams.",
        discussion: """
            --clients asks again as soon as it is answered (closed loop); --rate sends at random \
            moments whether or not earlier requests are answered (open loop), and times count from \
            the moment a request was due. Each request has a connection of its own. Tokens are \
            what the server's usage says, else the pieces of text that it sends. Ctrl-C ends early \
            with what was measured.
            """)

    @Option(
        help: ArgumentHelp(
            "The server, http://host:port with or without /v1, or the endpoint's whole address.",
            valueName: "url"))
    var url: String

    @Option(
        help: "How it is asked: completions, chat, or generate (the default with --budget).")
    var api: API?

    @Option(
        help: ArgumentHelp("Clients of a closed loop (default: 1).", valueName: "count"))
    var clients: Int?

    @Option(help: ArgumentHelp("Requests a second of an open loop.", valueName: "number"))
    var rate: Double?

    @Option(
        help: ArgumentHelp(
            "Requests to measure (default: four for each client, at least 32).",
            valueName: "count"))
    var requests: Int?

    @Option(
        help: ArgumentHelp(
            "Send requests for so long instead; those under way are waited for.",
            valueName: "seconds"))
    var duration: Double?

    @Option(
        help: ArgumentHelp(
            "Requests before, not measured (default: one for each client).", valueName: "count"))
    var warmUp: Int?

    @Option(help: ArgumentHelp("Words of a synthetic prompt.", valueName: "count"))
    var promptWords = 128

    @Option(
        help: ArgumentHelp(
            "Ask what this file says instead: JSON lines with prompt, question or messages, "
                + "perhaps max_tokens.", valueName: "file"))
    var data: String?

    @Option(help: ArgumentHelp("Ceiling on new tokens.", valueName: "tokens"))
    var maxTokens = 64

    @Flag(
        inversion: .prefixedNo,
        help: "Ask the server to go on past the end of the text, so that lengths are equal.")
    var ignoreEos = true

    @Option(help: "Sampling temperature; 0 is greedy.")
    var temperature = 0.0

    @Option(help: ArgumentHelp("The budget of each request: a count or a word.", valueName: "b"))
    var budget: String?

    @Option(
        help: ArgumentHelp(
            "The model's name (default: the first that the server names).", valueName: "name"))
    var modelName: String?

    @Option(
        help: ArgumentHelp("A file whose first line is the key to send.", valueName: "path"))
    var apiKeyFile: String?

    @Option(help: ArgumentHelp("How long one answer may take.", valueName: "seconds"))
    var timeout = 600.0

    @Option(help: "Prompts and moments follow from it.")
    var seed: UInt64 = 0

    @OptionGroup var record: BenchRecord

    /// How a server is asked.
    enum API: String, ExpressibleByArgument, CaseIterable {
        case completions, chat, generate

        var target: LoadTarget.API {
            switch self {
            case .completions: .completions
            case .chat: .chat
            case .generate: .generate
            }
        }
    }

    func validate() throws {
        guard clients == nil || rate == nil else {
            throw ValidationError("--clients and --rate exclude each other")
        }
        guard requests == nil || duration == nil else {
            throw ValidationError("--requests and --duration exclude each other")
        }
        for (name, value, range) in [
            ("clients", clients, 1...4096), ("requests", requests, 1...10_000_000),
            ("warm-up", warmUp, 0...1_000_000), ("prompt-words", promptWords, 1...1_000_000),
            ("max-tokens", maxTokens, 1...1_000_000),
        ] {
            guard let value, !range.contains(value) else { continue }
            throw ValidationError(
                "--\(name) is \(value); expected \(range.lowerBound) to \(range.upperBound)")
        }
        for (name, value, range) in [
            ("rate", rate, 0.001...100_000), ("duration", duration, 0.1...604_800),
            ("timeout", timeout, 0.1...86_400), ("temperature", temperature, 0...100),
        ] {
            guard let value, !range.contains(value) else { continue }
            throw ValidationError(
                "--\(name) is \(value); expected \(range.lowerBound) to \(range.upperBound)")
        }
    }

    func run() async throws {
        let target = try LoadTarget(
            url: url, api: api?.target, fallback: budget == nil ? .completions : .generate)
        let prompts =
            try data.map(LoadPrompts.init(path:)) ?? .synthetic(words: promptWords, seed: seed)
        let generator = LoadGenerator(plan: try plan(), target: target, prompts: prompts)
        let work = Task {
            try await generator.run { Self.show($0) }
        }
        let report = try await StopSignals.value(of: work)
        if isatty(2) == 1 { Terminal.errors.write("\r\u{1B}[2K") }
        let rows = try report.rows()
        if record.json {
            let document = BenchmarkDocument(
                kind: .load, program: record.program, machine: BenchmarkMachine(),
                command: record.command, subject: report.subject, rows: rows,
                errors: report.errors)
            Terminal.output.line(try document.json())
        } else {
            show(report)
        }
        if work.isCancelled {
            Terminal.errors.line("laconic: stopped early, after \(report.answered) answers")
            throw ExitCode(130)
        }
    }

    private func plan() throws -> LoadPlan {
        var plan = LoadPlan()
        plan.arrival = rate.map { .open(rate: $0) } ?? .closed(clients: clients ?? 1)
        plan.requestCount = duration == nil ? requests ?? max(32, 4 * (clients ?? 1)) : nil
        plan.duration = duration.map { .seconds($0) }
        plan.warmUpCount = warmUp ?? clients ?? 1
        plan.maximumTokens = maxTokens
        plan.ignoresEndOfSequence = ignoreEos
        plan.temperature = temperature
        plan.model = modelName
        plan.budget = budget
        plan.key = try apiKeyFile.map { try KeyFile.keys(path: $0)[0] }
        plan.timeout = .seconds(timeout)
        plan.seed = seed
        return plan
    }

    private func show(_ report: LoadReport) {
        Terminal.output.table(
            header: ["ms", "p50", "p90", "p99"],
            rows: report.lines.map { line in
                [line.name]
                    + [50, 90, 99].map { percent in
                        line.sorted.isEmpty
                            ? "-" : String(format: "%.1f", line.percentile(percent))
                    }
            })
        let prompt = report.promptTokens.map { String(format: ", prompts of %.0f", $0) } ?? ""
        Terminal.output.line(
            String(
                format: "%.1f tokens/s, %.2f requests/s", report.tokensPerSecond,
                report.requestsPerSecond)
                + ": \(report.answered) answers, \(report.tokens) tokens"
                + (report.countsUsage ? " by usage" : " by chunks") + prompt
                + String(
                    format: " in %.1f s; the generator took %.0f %% of a processor",
                    report.seconds, report.processorShare * 100))
        for (kind, count) in report.errors.sorted(by: { $0.key < $1.key }) {
            Terminal.output.line("failed, \(kind): \(count)")
        }
        for reason in report.reasons { Terminal.errors.line(Terminal.errors.dim(reason)) }
    }

    private static func show(_ progress: LoadProgress) {
        guard isatty(2) == 1 else { return }
        let done = progress.total.map { "\(progress.done)/\($0)" } ?? "\(progress.done)"
        let failed = progress.failed == 0 ? "" : ", \(progress.failed) failed"
        let rate = Double(progress.tokens) / max(progress.seconds, 1e-9)
        Terminal.errors.write(
            "\r\u{1B}[2K\(done) requests, \(progress.open) open\(failed), "
                + String(format: "%.0f tokens/s, %.0f s", rate, progress.seconds))
    }
}
