import Evaluation
import HTTP

/// What a request for rewards asks for beside its texts.
///
/// The trainers' bodies have no room for settings, so each can stand behind the URL's `?` too; what
/// the body says wins.
struct RewardRequest: Hashable {
    private static let parameters: Set = [
        "alpha", "grading", "group_size", "wait_seconds", "eos",
    ]

    /// How strongly length is punished.
    let alpha: Double
    /// How strictly a response must mark its answer.
    let mode: AnswerExtractor.Mode
    /// Members to wait for, where they come one by one.
    let groupSize: Int
    /// How long to wait for them.
    let wait: Duration
    /// What ends a text.
    let ending: EndOfSequence

    /// Reads the settings of a request.
    init(
        _ query: HTTPQuery, _ body: inout RequestFields, defaults: RewardSettings
    ) throws(ServingError) {
        for pair in query.pairs where !Self.parameters.contains(pair.name) {
            throw .unsupported(
                path: String(pair.name.prefix(64)),
                reason: "expected one of \(Self.parameters.sorted().joined(separator: ", "))")
        }
        alpha = try Self.alpha(query["alpha"], &body) ?? defaults.alpha
        mode = try Self.mode(try body.string("grading") ?? query["grading"])
        groupSize = try Self.groupSize(query["group_size"]) ?? defaults.groupSize
        wait = try Self.wait(query["wait_seconds"]) ?? defaults.wait
        let marks = query.values("eos").filter { !$0.isEmpty }
        ending = marks.isEmpty ? EndOfSequence() : EndOfSequence(marks: marks)
    }

    private static func alpha(
        _ parameter: String?, _ body: inout RequestFields
    ) throws(ServingError) -> Double? {
        if let value = body.take("alpha") {
            guard let number = value.real, (0..<1).contains(number) else {
                throw .invalidAlpha(found: value.kind)
            }
            return number
        }
        guard let parameter else { return nil }
        guard let number = Double(parameter), (0..<1).contains(number) else {
            throw .invalidAlpha(found: "'\(parameter.prefix(64))'")
        }
        return number
    }

    private static func mode(
        _ name: String?
    ) throws(ServingError) -> AnswerExtractor.Mode {
        switch name {
        case nil, "training": return .training
        case "evaluation": return .evaluation
        case let name?:
            throw .invalidValue(
                path: "grading", expected: "'training' or 'evaluation'",
                found: "'\(name.prefix(64))'")
        }
    }

    private static func groupSize(_ text: String?) throws(ServingError) -> Int? {
        guard let text else { return nil }
        let sizes = RewardSettings.groupSizes
        guard let size = Int(text), sizes.contains(size) else {
            throw .invalidValue(
                path: "group_size",
                expected: "an integer from \(sizes.lowerBound) to \(sizes.upperBound)",
                found: "'\(text.prefix(64))'")
        }
        return size
    }

    private static func wait(_ text: String?) throws(ServingError) -> Duration? {
        guard let text else { return nil }
        let range = RewardSettings.waitSeconds
        guard let seconds = Double(text), range.contains(seconds) else {
            throw .invalidValue(
                path: "wait_seconds",
                expected: "a number from \(range.lowerBound) to \(range.upperBound)",
                found: "'\(text.prefix(64))'")
        }
        return .seconds(seconds)
    }
}
