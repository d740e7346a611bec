import Foundation

/// Runs every member over a problem set, without a ceiling and under four, and keeps every
/// sample, so that it goes on where it was stopped.
///
///     folder/uncapped.jsonl                     samples without a ceiling on the thought
///     folder/alpha_0.1-hard-64.jsonl            under one of 64 tokens
public struct Calibrator: Sendable {
    /// How far a calibration is.
    public struct Progress: Sendable {
        /// What is being asked, in words.
        public var stage: String
        /// How far that is.
        public var samples: Evaluator.Progress
    }

    private let source: any ResponseSource
    private let settings: EvaluationSettings
    private let concurrency: Int
    private let folder: String

    /// A calibrator.
    ///
    /// - Parameters:
    ///   - source: The family.
    ///   - settings: How it is asked.
    ///   - concurrency: Questions open at once.
    ///   - folder: Where samples are kept; it exists.
    public init(
        source: any ResponseSource, settings: EvaluationSettings, concurrency: Int,
        folder: String
    ) {
        self.source = source
        self.settings = settings
        self.concurrency = concurrency
        self.folder = folder
    }

    /// Asks what is not in the folder yet.
    ///
    /// - Parameters:
    ///   - problems: What is asked.
    ///   - progress: Told after every sample.
    /// - Throws: `EvaluationError`; `CancellationError` with the samples so far on disk.
    /// - Returns: What was measured.
    public func run(
        _ problems: [Problem], progress: (Progress) -> Void
    ) async throws -> Calibration {
        let uncapped = try await ask(
            problems, members: nil, settings: settings, log: "uncapped",
            stage: "without a ceiling", progress)
        var capped: [Calibration.Capped] = []
        for member in source.members {
            let own = uncapped.filter { $0.key.member == member.name }
            let levels = Dictionary(grouping: problems) { Calibration.name(of: $0.difficulty) }
            for (difficulty, problems) in levels.sorted(by: { $0.key < $1.key }) {
                let thoughts = own.filter { Calibration.name(of: $0.difficulty) == difficulty }
                    .map { Double($0.response.reasoningTokens) }.sorted()
                let median = Statistics.quantile(0.5, of: thoughts)
                for share in Calibration.shares {
                    let ceiling = max(1, Int((median * share).rounded()))
                    var settings = settings
                    settings.reasoningTokens = ceiling
                    let records = try await ask(
                        problems, members: [member.name], settings: settings,
                        log: "\(member.name)-\(difficulty)-\(ceiling)",
                        stage: "\(member.name), \(difficulty), thought of \(ceiling)", progress)
                    capped.append(
                        Calibration.Capped(
                            member: member.name, difficulty: difficulty, share: share,
                            reasoningTokens: ceiling, records: records))
                }
            }
        }
        return Calibration(
            problems: problems, settings: settings, uncapped: uncapped, capped: capped)
    }

    private func ask(
        _ problems: [Problem], members: [String]?, settings: EvaluationSettings, log name: String,
        stage: String, _ progress: (Progress) -> Void
    ) async throws -> [SampleRecord] {
        let file = name.replacing("/", with: "_")
        return try await Evaluator(source: source, settings: settings, concurrency: concurrency)
            .records(of: problems, members: members, keptIn: "\(folder)/\(file).jsonl") {
                progress(Progress(stage: stage, samples: $0))
            }
    }
}
