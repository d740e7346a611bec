import Evaluation

/// What `family.json` says: the members and what was measured of them.
struct FamilyProfile: Encodable {
    struct Member: Encodable {
        var id: String
        var path: String
        var alpha: Double?
        var profile: [Level]
    }

    struct Level: Encodable {
        var difficulty: String
        var problems: Int
        var accuracy: Double
        var accuracyInterval: Interval
        var tokens: Summary.Tokens
        var reasoningTokens: Double
    }

    var name: String
    var base: String
    var temperature: Double
    var maximumTokens: Int
    var members: [Member]

    init(name: String, report: Report) {
        self.name = name
        base = "base"
        temperature = report.settings.temperature
        maximumTokens = report.settings.maximumTokens
        members = report.parts.map { part in
            Member(
                id: part.member, path: part.member, alpha: part.alpha,
                profile: part.byDifficulty.map { level in
                    Level(
                        difficulty: level.difficulty.description,
                        problems: level.summary.problems, accuracy: level.summary.accuracy,
                        accuracyInterval: level.summary.accuracyInterval,
                        tokens: level.summary.tokens,
                        reasoningTokens: level.summary.reasoningTokens)
                })
        }
    }
}
