import ArgumentParser
import Evaluation
import Foundation
import Inference
import Routing

/// Measures a family and writes what routers choose by.
struct CalibrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Measure a family on a problem set and write its profile into family.json.",
        discussion: """
            Every member answers every problem without a ceiling, and under ceilings on its \
            thought of an eighth, a quarter, a half and all of its median. The samples are kept; \
            the same command goes on where it was stopped. The second table says how well answers \
            to problems left out were foretold, from the question's text, and from the cheapest \
            member's hidden state too where that is better.
            """)

    @Argument(help: ArgumentHelp("The family's folder.", valueName: "family"))
    var family: String

    @Option(
        help: ArgumentHelp(
            "Problems as JSON lines: id, question, answer, perhaps difficulty or level.",
            valueName: "file"))
    var data: String

    @Option(
        help: ArgumentHelp(
            "Where samples and figure are kept (default: calibration in the family's folder).",
            valueName: "folder"))
    var out: String?

    @Option(help: ArgumentHelp("Ceiling on new tokens, thought included.", valueName: "tokens"))
    var maxTokens = 32_768

    @Option(help: ArgumentHelp("Sampling temperature.", valueName: "temperature"))
    var temperature = 0.6

    @Option(help: ArgumentHelp("Questions open at once.", valueName: "count"))
    var concurrency = 64

    @Option(
        help: ArgumentHelp(
            "The operator's price of a million prompt tokens (default: as family.json says, "
                + "or none).", valueName: "price"))
    var promptPrice: Double?

    @Option(
        help: ArgumentHelp(
            "The operator's price of a million new tokens (default: likewise).",
            valueName: "price"))
    var completionPrice: Double?

    @Option(
        help: ArgumentHelp("Threads (default: the CPUs this process may use).", valueName: "count"))
    var threads: Int?

    func validate() throws {
        guard (1...4096).contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency); expected 1 to 4096")
        }
        guard maxTokens >= 1 else {
            throw ValidationError("--max-tokens is \(maxTokens); expected 1 or more")
        }
        guard (promptPrice == nil) == (completionPrice == nil) else {
            throw ValidationError("--prompt-price and --completion-price belong together")
        }
        for price in [promptPrice, completionPrice].compactMap(\.self)
        where !(price >= 0 && price.isFinite) {
            throw ValidationError("a price of \(price); expected 0 or more")
        }
    }

    func run() async throws {
        let set = try ProblemSet(path: data)
        let folder = out ?? "\(family)/calibration"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        var settings = EvaluationSettings()
        settings.maximumTokens = maxTokens
        settings.temperature = temperature
        var options = LoadOptions()
        options.threads = threads
        options.allow(concurrency: concurrency)
        let directory = try FamilyDirectory(path: family)
        let catalog = try ModelCatalog.load(models: [], family: family, options: options) {
            Terminal.errors.line(Terminal.errors.dim($0))
        }
        let source = EngineSource(service: catalog)
        let calibrator = Calibrator(
            source: source, settings: settings, concurrency: concurrency, folder: folder)
        let price = completionPrice.map { Price(prompt: promptPrice ?? 0, completion: $0) }
        let work = Task { [settings] in
            let line = ProgressLine()
            defer { line.end() }
            var calibration = try await calibrator.run(set.problems) { line.show($0) }
            guard let prober = directory.manifest.cheapestMember(at: price) else {
                return calibration
            }
            calibration.hidden = try await HiddenStates(
                of: set.problems, settings: settings, member: prober, catalog: catalog,
                concurrency: concurrency)
            return calibration
        }
        let calibration: Calibration
        do {
            calibration = try await StopSignals.value(of: work)
        } catch is CancellationError {
            throw StopSignals.resumable()
        }
        let report = Report(
            name: set.name, settings: settings, members: source.members,
            outcome: .init(records: calibration.uncapped, isComplete: true))
        let calibrated = CalibratedFamily(directory.manifest, calibration, price: price)
        let path = "\(family)/\(FamilyManifest.fileName)"
        try OutputFile.write(calibrated.manifest.json(), to: path)
        try OutputFile.write(
            Data(TradeoffPlot(report).svg.utf8), to: "\(folder)/calibration.svg")
        Terminal.output.table(header: report.tableHeader, rows: report.tableRows)
        Terminal.output.line("")
        Terminal.output.table(
            header: ForecastQuality.tableHeader, rows: calibrated.tableRows)
        Terminal.errors.line(Terminal.errors.dim("profile: \(path)"))
    }
}
