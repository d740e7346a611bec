import ArgumentParser
import Evaluation
import Foundation
import Inference
import Routing

/// Replays routing over recorded runs.
struct RouteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route",
        abstract: "Compare the router with fixed members, an oracle and chance, at some budgets.",
        discussion: """
            Every member answers every problem under every budget, once; the answers are kept. \
            Then the router's choices, made as the server makes them, are looked up among them. \
            Efforts within a budget and the policy 'escalate' answer by themselves.
            """)

    @OptionGroup var models: ModelArguments

    @Option(
        help: ArgumentHelp(
            "Problems as JSON lines, others than those the family was calibrated with.",
            valueName: "file"))
    var data: String

    @Option(
        help: ArgumentHelp("Budgets in tokens, comma-separated.", valueName: "tokens"),
        transform: CommaSeparated.counts)
    var budget: [Int] = [64, 128, 256, 512, 1024]

    @Option(help: ArgumentHelp("Where answers are kept.", valueName: "folder"))
    var out = "route"

    @Option(help: ArgumentHelp("Ceiling on new tokens without a budget.", valueName: "tokens"))
    var maxTokens = 32_768

    @Option(help: ArgumentHelp("Sampling temperature.", valueName: "temperature"))
    var temperature = 0.6

    @Option(help: ArgumentHelp("Questions open at once.", valueName: "count"))
    var concurrency = 64

    @Flag(help: "Write one JSON object instead of a table.")
    var json = false

    func run() async throws {
        let set = try ProblemSet(path: data)
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        var options = models.options
        options.allow(concurrency: concurrency)
        let catalog = try models.load(options: options) {
            Terminal.errors.line(Terminal.errors.dim($0))
        }
        var settings = EvaluationSettings()
        settings.maximumTokens = maxTokens
        settings.temperature = temperature
        let run = RouteReplay(
            catalog: catalog, set: set, settings: settings, concurrency: concurrency, folder: out)
        let budgets = budget
        let work = Task { try await run.sections(budgets: budgets) }
        let sections: [RouteReplay.Section]
        do {
            sections = try await StopSignals.value(of: work)
        } catch is CancellationError {
            throw StopSignals.resumable()
        }
        guard !json else {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.sortedKeys]
            Terminal.output.line(String(decoding: try encoder.encode(sections), as: UTF8.self))
            return
        }
        Terminal.output.table(
            header: [
                "budget", "policy", "accuracy %", "95 %", "tokens", "most", "over", "cut",
                "members at equal tokens %",
            ], rows: sections.flatMap(\.rows))
        Terminal.output.line("")
        Terminal.output.table(
            header: ForecastQuality.tableHeader,
            rows: sections.flatMap { $0.forecasts ?? [] }.map {
                $0.quality.row($0.member, $0.source)
            })
    }
}

/// The runs that a replay looks its answers up in.
struct RouteReplay: Sendable {
    /// What policies come to at one budget.
    struct Section: Encodable {
        /// In tokens; nil for efforts without a budget.
        var budget: Int?
        var policies: [PolicyReplay.Row]
        /// What the fixed members reach at each policy's mean tokens, by policy.
        var equalTokens: [String: Double]
        /// How well answers without a budget were foretold; nil at a budget.
        var forecasts: [ForecastRow]?

        var rows: [[String]] {
            let percent = { (share: Double) in String(format: "%.1f", share * 100) }
            return policies.enumerated().map { index, row in
                [
                    index > 0 ? "" : budget.map(String.init) ?? "none", row.policy,
                    percent(row.accuracy),
                    "\(percent(row.accuracyInterval.low))–\(percent(row.accuracyInterval.high))",
                    String(format: "%.0f", row.tokens), "\(row.mostTokens)", "\(row.overruns)",
                    "\(row.cut)", equalTokens[row.policy].map(percent) ?? "",
                ]
            }
        }
    }

    let catalog: ModelCatalog
    let set: ProblemSet
    let settings: EvaluationSettings
    let concurrency: Int
    let folder: String

    /// Asks what is not recorded yet, and replays.
    func sections(budgets: [Int]) async throws -> [Section] {
        var sections: [Section] = []
        // What a fixed member could do at no more than a budget: that and every lower one.
        var fixed: [PolicyReplay.Row] = []
        for tokens in budgets.sorted() {
            var settings = settings
            settings.budgetTokens = tokens
            let replay = PolicyReplay(
                try await records(settings, "budget of \(tokens)", "budget-\(tokens)"),
                members: catalog.models.map(\.id), ceiling: tokens)
            var routed = [replay.routed("router", try await choices { $0.tokens = tokens })]
            for effort in [Effort.low, .minimal] {
                var settings = settings
                settings.effort = effort
                routed.append(try await live("effort \(effort.rawValue)", settings))
            }
            settings.policy = .escalate
            routed.append(try await live("escalate", settings))
            fixed += replay.fixedRows
            sections.append(section(replay, budget: tokens, routed: routed, fixed: fixed))
        }
        let uncapped = try await records(settings, "without a budget", "uncapped")
        let free = PolicyReplay(
            uncapped, members: catalog.models.map(\.id), ceiling: .max)
        var routed = [free.routed("router", try await choices { _ in })]
        for effort in [Effort.minimal, .low, .high, .max] {
            routed.append(
                free.routed("effort \(effort.rawValue)", try await choices { $0.effort = effort }))
        }
        var last = section(free, budget: nil, routed: routed, fixed: fixed + free.fixedRows)
        last.forecasts =
            try await forecasts(of: uncapped, "text", probes: false)
            + (try await forecasts(of: uncapped, "router's choice", probes: true))
        sections.append(last)
        return sections
    }

    private func section(
        _ replay: PolicyReplay, budget: Int?, routed: [PolicyReplay.Row],
        fixed: [PolicyReplay.Row]
    ) -> Section {
        var equal: [String: Double] = [:]
        for row in routed {
            equal[row.policy] = PolicyReplay.accuracy(atMeanTokens: row.tokens, mixing: fixed)
        }
        return Section(
            budget: budget,
            policies: routed + replay.fixedRows + [replay.random, replay.oracle], equalTokens: equal
        )
    }

    /// What the server answers by itself under a budget.
    private func live(
        _ policy: String, _ settings: EvaluationSettings
    ) async throws -> PolicyReplay.Row {
        let budget = settings.budgetTokens ?? .max
        // Answers of a router that would decide otherwise now are not taken for this one's.
        var digest = StableHash()
        for route in try await routes({ ($0.tokens, $0.effort) = (budget, settings.effort) }) {
            digest.combine("\(route.model) \(route.effective.reasoningTokens ?? -1)")
        }
        let answers = try await records(
            settings, "budget of \(budget), \(policy)",
            "budget-\(budget)-\(policy.replacing(" ", with: "-"))",
            of: EngineSource(router: catalog, remark: "router \(digest.hexadecimal)"))
        return PolicyReplay.row(policy, of: answers, ceiling: budget)
    }

    private func records(
        _ settings: EvaluationSettings, _ stage: String, _ name: String,
        of source: EngineSource? = nil
    ) async throws -> [SampleRecord] {
        let evaluator = Evaluator(
            source: source ?? EngineSource(service: catalog), settings: settings,
            concurrency: concurrency)
        Terminal.errors.line(Terminal.errors.dim(stage))
        let line = ProgressLine()
        defer { line.end() }
        return try await evaluator.records(
            of: set.problems, keptIn: "\(folder)/\(name).jsonl", progress: line.show)
    }

    /// Who would answer each problem, as the server would decide now.
    private func choices(_ change: (inout Budget) -> Void) async throws -> [String: String] {
        let models = try await routes(change).map(\.model)
        return Dictionary(zip(set.problems.map(\.id), models)) { $1 }
    }

    /// The server's decision for each problem.
    private func routes(_ change: (inout Budget) -> Void) async throws -> [Route] {
        var budget = Budget()
        change(&budget)
        var routes: [Route] = []
        for problem in set.problems {
            var request = EngineSource.question(settings.prompt(for: problem))
            request.budget = budget
            routes.append(try await catalog.quote(request).route)
        }
        return routes
    }
}
