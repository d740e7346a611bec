import ArgumentParser
import Evaluation
import Foundation
import Inference

/// Grades members on a problem set.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Grade models on a problem set: accuracy against tokens, with intervals.",
        discussion: """
            Every sample is kept as a line of --out. The same command goes on where it was \
            stopped or killed, and a larger --limit or --samples adds to what is there.
            """)

    @OptionGroup var models: ModelArguments

    @Option(
        help: ArgumentHelp(
            "Problems as JSON lines: id, question, answer, perhaps difficulty or level.",
            valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("Ask this OpenAI-compatible server instead.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("The model's name at --url.", valueName: "name"))
    var modelName: String?

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the key to send to --url.", valueName: "path"))
    var apiKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "Models to ask, comma-separated (default: all that are loaded).", valueName: "names"))
    var members: String?

    @Option(help: ArgumentHelp("Samples of each problem.", valueName: "count"))
    var samples = 1

    @Option(help: ArgumentHelp("Problems to ask, chosen by --shuffle-seed.", valueName: "count"))
    var limit: Int?

    @Option(help: "Orders the problems that --limit takes the first of.")
    var shuffleSeed: UInt64 = 0

    @Option(
        help: ArgumentHelp("Ceiling on new tokens, thought included.", valueName: "tokens"))
    var maxTokens = EvaluationSettings().maximumTokens

    @Option(help: "Sampling temperature; 0 is greedy.")
    var temperature = EvaluationSettings().temperature

    @Option(help: "Keeps the smallest set of tokens whose probability reaches this.")
    var topP = EvaluationSettings().topP

    @Option(help: "All samples follow from it.")
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Questions open at once.", valueName: "count"))
    var concurrency = 32

    @Option(
        help: ArgumentHelp("The message; {QUESTION} is the question.", valueName: "text"))
    var promptTemplate = EvaluationSettings().promptTemplate

    @Flag(help: "Continue the message as it is, without the chat template.")
    var raw = false

    @Option(help: "What counts as equal: exact, or reference (the paper's lenient checker).")
    var grading = Grading.exact

    @Option(
        help: ArgumentHelp(
            "Where samples are kept (default: named after data and settings).",
            valueName: "file"))
    var out: String?

    @Flag(help: "Write one JSON object instead of a table.")
    var json = false

    @Option(
        help: ArgumentHelp("Draw accuracy against tokens into this SVG.", valueName: "file"))
    var plot: String?

    /// What counts as an equal answer.
    enum Grading: String, ExpressibleByArgument, CaseIterable {
        case exact, reference

        var policy: GradingPolicy { self == .exact ? GradingPolicy() : .reference }
    }

    func validate() throws {
        try atLeastOne(samples, "--samples")
        try atLeastOne(maxTokens, "--max-tokens")
        try atLeastOne(limit ?? 1, "--limit")
        guard (1...4096).contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency); expected 1 to 4096")
        }
        guard (0...100).contains(temperature) else {
            throw ValidationError("--temperature is \(temperature); expected 0 to 100")
        }
        guard topP > 0, topP <= 1 else {
            throw ValidationError("--top-p is \(topP); expected above 0, at most 1")
        }
        guard promptTemplate.contains(EvaluationSettings.placeholder) else {
            throw ValidationError("--prompt-template: expected {QUESTION} in it, found none")
        }
        guard let url else {
            guard modelName == nil, apiKeyFile == nil else {
                throw ValidationError("--model-name and --api-key-file belong to --url")
            }
            return
        }
        guard models.model.isEmpty, models.family == nil, members == nil, !raw else {
            throw ValidationError("--url excludes --model, --family, --members and --raw")
        }
        guard let scheme = URL(string: url)?.scheme, ["http", "https"].contains(scheme) else {
            throw ValidationError("--url is '\(url)'; expected http://… or https://…")
        }
        guard modelName != nil else {
            throw ValidationError("--url needs --model-name, the model's name there")
        }
    }

    private func atLeastOne(_ number: Int, _ flag: String) throws {
        guard (1...1_000_000).contains(number) else {
            throw ValidationError("\(flag) is \(number); expected 1 to 1000000")
        }
    }

    func run() async throws {
        var set = try ProblemSet(path: data).shuffled(seed: shuffleSeed)
        if let limit { set = set.limited(to: limit) }
        let settings = settings
        let path = out ?? "\(set.name)-\(settings.fingerprint.prefix(8)).jsonl"
        // Before the models, whose loading may take long: what does not fit is said at once.
        let log = try SampleLog(path: path, settings: settings)
        let source = try source()
        let names = members?.split(separator: ",").map(String.init)
        let evaluator = Evaluator(
            source: source, settings: settings, concurrency: concurrency,
            grader: Grader(policy: grading.policy))
        let problems = set.problems
        let samples = samples
        let work = Task {
            let line = ProgressLine()
            defer { line.end() }
            return try await evaluator.run(
                problems, members: names, samples: samples, log: log, progress: line.show)
        }
        let outcome = try await StopSignals.value(of: work)
        let report = Report(
            name: set.name, settings: settings, members: source.members, outcome: outcome)
        try show(report)
        guard outcome.isComplete else {
            Terminal.errors.line(
                "laconic: stopped with \(outcome.records.count) samples in \(path); the same "
                    + "command\(out == nil ? "" : " with the same --out") goes on from there")
            throw ExitCode(130)
        }
        Terminal.errors.line(Terminal.errors.dim("samples: \(path)"))
    }

    private var settings: EvaluationSettings {
        var settings = EvaluationSettings()
        settings.promptTemplate = promptTemplate
        settings.usesChatTemplate = !raw
        settings.maximumTokens = maxTokens
        settings.temperature = temperature
        settings.topP = topP
        settings.seed = seed
        return settings
    }

    private func source() throws -> any ResponseSource {
        if let url = url.flatMap(URL.init(string:)), let modelName {
            let key = try apiKeyFile.map { try KeyFile.keys(path: $0)[0] }
            return ServerSource(url: url, model: modelName, key: key)
        }
        var options = models.options
        options.allow(concurrency: concurrency)
        let catalog = try models.load(options: options) { line in
            Terminal.errors.line(Terminal.errors.dim(line))
        }
        let remark = models.weights.map { "as \($0)" } ?? ""
        return EngineSource(service: catalog, remark: remark)
    }

    private func show(_ report: Report) throws {
        if json {
            Terminal.output.line(try report.json())
        } else {
            Terminal.output.table(header: report.tableHeader, rows: report.tableRows)
        }
        guard let plot else { return }
        try OutputFile.write(Data(TradeoffPlot(report).svg.utf8), to: plot)
    }
}

extension EvaluationError: CommandFailure {}
