import Foundation

/// What an evaluation found: each member's accuracy and tokens, overall and by difficulty.
public struct Report: Sendable, Equatable {
    /// One member's part.
    public struct Part: Sendable, Equatable {
        /// The member's name.
        public var member: String
        /// The length penalty it was trained with, when known.
        public var alpha: Double?
        /// All problems.
        public var overall: Summary
        /// Those of each difficulty, easiest first; empty when the data has no difficulties.
        public var byDifficulty: [(difficulty: Difficulty, summary: Summary)]

        /// Whether two parts say the same.
        public static func == (left: Part, right: Part) -> Bool {
            left.member == right.member && left.alpha == right.alpha
                && left.overall == right.overall
                && left.byDifficulty.elementsEqual(right.byDifficulty) { $0 == $1 }
        }
    }

    /// The problem set's name.
    public var name: String
    /// How the samples were made.
    public var settings: EvaluationSettings
    /// Whether all samples are there.
    public var isComplete: Bool
    /// The members in the order they were asked.
    public var parts: [Part]

    /// Sums up an evaluation.
    ///
    /// - Parameters:
    ///   - name: The problem set's name.
    ///   - settings: How the samples were made.
    ///   - members: Those who were asked; one without samples is left out.
    ///   - outcome: The samples.
    public init(
        name: String, settings: EvaluationSettings, members: [Member], outcome: Evaluator.Outcome
    ) {
        self.name = name
        self.settings = settings
        isComplete = outcome.isComplete
        parts = members.compactMap { member in
            let records = outcome.records.filter { $0.key.member == member.name }
            guard !records.isEmpty else { return nil }
            let groups = Dictionary(grouping: records.filter { $0.difficulty != nil }) {
                $0.difficulty
            }
            let levels = groups.keys.compactMap(\.self).sorted()
            return Part(
                member: member.name, alpha: member.alpha, overall: Summary(records),
                byDifficulty: levels.map { ($0, Summary(groups[$0] ?? [])) })
        }
    }

    /// The report as JSON with sorted keys; shares are in [0, 1].
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(Document(self)), as: UTF8.self)
    }

    /// The report's form in JSON.
    private struct Document: Encodable {
        struct Settings: Encodable {
            var promptTemplate: String
            var chatTemplate: Bool
            var maxTokens: Int
            var temperature: Double
            var topP: Double
            var seed: UInt64
            var fingerprint: String
        }
        struct Level: Encodable {
            var difficulty: String
            var summary: Summary
        }
        struct Member: Encodable {
            var member: String
            var alpha: Double?
            var overall: Summary
            var byDifficulty: [Level]
        }
        var data: String
        var complete: Bool
        var settings: Settings
        var members: [Member]

        init(_ report: Report) {
            data = report.name
            complete = report.isComplete
            let settings = report.settings
            self.settings = Settings(
                promptTemplate: settings.promptTemplate, chatTemplate: settings.usesChatTemplate,
                maxTokens: settings.maximumTokens, temperature: settings.temperature,
                topP: settings.topP, seed: settings.seed, fingerprint: settings.fingerprint)
            members = report.parts.map { part in
                Member(
                    member: part.member, alpha: part.alpha, overall: part.overall,
                    byDifficulty: part.byDifficulty.map {
                        Level(difficulty: $0.difficulty.description, summary: $0.summary)
                    })
            }
        }
    }
}
