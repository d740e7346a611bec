public import Evaluation
import Foundation
import Inference
import Routing

extension FamilyRun {
    /// Measures what routers choose by and writes it into the family's `family.json`.
    ///
    ///     folder/problems/calibration.jsonl   problems, ids and answers
    ///     folder/measurements/calibration/    all samples, without ceilings and under them
    ///
    /// - Parameters:
    ///   - threads: Threads to compute on.
    ///   - progress: Told after each sample.
    /// - Throws: `TrainingError`; `.cancelled` with the samples so far on disk.
    public func calibrate(
        threads: Int, progress: (Calibrator.Progress) -> Void
    ) async throws(TrainingError) {
        do {
            let set = try problems(.calibration, count: recipe.evaluation.calibrationProblems)
            let samples = try RunFolder("\(folder)/measurements/calibration").path
            let catalog = try catalog(threads: threads)
            let calibrator = Calibrator(
                source: EngineSource(service: catalog), settings: evaluationSettings,
                concurrency: Self.concurrency, folder: samples)
            var calibration = try await calibrator.run(set.problems, progress: progress)
            var manifest = try FamilyDirectory(path: family).manifest
            manifest.name = recipe.name
            let price = recipe.evaluation.price
            if let member = manifest.cheapestMember(at: price) {
                calibration.hidden = try await HiddenStates(
                    of: set.problems, settings: evaluationSettings, member: member,
                    catalog: catalog, concurrency: Self.concurrency)
            }
            let calibrated = CalibratedFamily(manifest, calibration, price: price)
            try write(
                try calibrated.manifest.json(), to: "\(family)/\(FamilyManifest.fileName)")
        } catch is CancellationError {
            throw .cancelled
        } catch let error as TrainingError {
            throw error
        } catch {
            throw .start("\(error)")
        }
    }

    /// Asks every member the problems of the test split, which nothing was chosen on, and keeps
    /// samples and summary.
    ///
    ///     folder/problems/test.jsonl          problems, ids and answers
    ///     folder/measurements/test.jsonl      all samples
    ///     folder/measurements/test.json, .svg the report and its figure
    ///
    /// - Parameters:
    ///   - threads: Threads to compute on.
    ///   - progress: Told after each sample.
    /// - Returns: Accuracy against tokens.
    /// - Throws: `TrainingError`; `.cancelled` with the samples so far on disk.
    public func measure(
        threads: Int, progress: (Evaluator.Progress) -> Void
    ) async throws(TrainingError) -> Report {
        do {
            let set = try problems(.test, count: recipe.evaluation.testProblems)
            let settings = evaluationSettings
            let samples = "\(try RunFolder("\(folder)/measurements").path)/test"
            let source = EngineSource(service: try catalog(threads: threads))
            let records = try await Evaluator(
                source: source, settings: settings, concurrency: Self.concurrency
            ).records(of: set.problems, keptIn: "\(samples).jsonl", progress: progress)
            let report = Report(
                name: set.name, settings: settings, members: source.members,
                outcome: .init(records: records, isComplete: true))
            try write(Data(try report.json().utf8), to: "\(samples).json")
            try write(Data(TradeoffPlot(report).svg.utf8), to: "\(samples).svg")
            return report
        } catch is CancellationError {
            throw .cancelled
        } catch let error as TrainingError {
            throw error
        } catch {
            throw .start("\(error)")
        }
    }

    /// Writes a card beside each member's weights.
    ///
    /// - Parameters:
    ///   - report: Of the test split.
    ///   - commit: The commit of the program; nil where it is not known.
    /// - Throws: `TrainingError.file` where one cannot be written.
    public func writeCards(_ report: Report, commit: String?) throws(TrainingError) {
        for part in report.parts {
            let run = part.member == "base" ? "sft" : part.member
            let card = ModelCard(
                recipe: recipe, report: report,
                effort: TrainingEffort(metrics: "\(folder)/runs/\(run)/metrics.jsonl"),
                commit: commit)
            try write(
                Data(card.text(member: part.member).utf8),
                to: "\(family)/\(part.member)/README.md")
        }
    }

    /// Questions open at a time.
    private static let concurrency = 96

    private var evaluationSettings: EvaluationSettings {
        var settings = EvaluationSettings()
        settings.maximumTokens = recipe.evaluation.maximumTokens
        settings.temperature = recipe.evaluation.temperature
        return settings
    }

    private func problems(_ split: Split, count: Int) throws -> ProblemSet {
        let generator = ProblemGenerator(seed: recipe.evaluation.seed)
        var lines: [String] = []
        for tier in Tier.allCases {
            lines += try generator.lines(tier: tier, split: split, count: count)
        }
        let path = "\(try RunFolder("\(folder)/problems").path)/\(split.rawValue).jsonl"
        try write(Data((lines.joined(separator: "\n") + "\n").utf8), to: path)
        return try ProblemSet(path: path)
    }

    private func catalog(threads: Int) throws -> ModelCatalog {
        var options = LoadOptions()
        options.threads = threads
        options.allow(concurrency: Self.concurrency)
        return try ModelCatalog.load(
            models: [], family: family, options: options, progress: { _ in })
    }

    private func write(_ data: Data, to path: String) throws(TrainingError) {
        do {
            try data.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .file(path: path, reason: "cannot be written: \(SystemReason.of(error))")
        }
    }
}
