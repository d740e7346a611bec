import Evaluation
import Tokenization

/// Whole groups at once, in our own words: what the client for TRL and verl sends.
///
///     {"groups": [{"id", "question", "answer", "responses": [{"text", "tokens", "finished"}]}],
///      "alpha"}
struct BatchRewards: RewardForm {
    private var ids: [TemplateValue?] = []
    private var groups: [ResponseGroup] = []
    private var unit: LengthUnit?
    private let warnings: [String]

    init(
        _ body: inout RequestFields, _ request: RewardRequest, limit: Int
    ) throws(ServingError) {
        var room = limit
        let found = try body.objects("groups", atMost: limit).required(at: body.path(of: "groups"))
        warnings = body.ignored
        for var fields in found {
            guard room > 0 else { throw .tooManyResponses(limit: limit) }
            ids.append(try Self.id(&fields))
            _ = try fields.string("question")
            let answer = try fields.answer("answer", GoldAnswer.inAnswer).required(
                at: fields.path(of: "answer"))
            let responses = try fields.objects("responses", atMost: limit).required(
                at: fields.path(of: "responses"))
            room -= responses.count
            guard room >= 0 else { throw .tooManyResponses(limit: limit) }
            var group = ResponseGroup(answer: answer, responses: [])
            for var response in responses {
                group.responses.append(try self.response(&response, request))
            }
            groups.append(group)
        }
    }

    private static func id(_ fields: inout RequestFields) throws(ServingError) -> TemplateValue? {
        switch fields.take("id") {
        case nil: return nil
        case .string(let text): return .string(text)
        case .integer(let number): return .integer(number)
        case let value?: throw fields.mismatch("id", "a string or an integer", value)
        }
    }

    /// Lengths of two kinds must not be compared, and one reply names one unit.
    private mutating func response(
        _ fields: inout RequestFields, _ request: RewardRequest
    ) throws(ServingError) -> ResponseGroup.Response {
        let text = try fields.string("text").required(at: fields.path(of: "text"))
        let isFinished = try fields.boolean("finished").required(at: fields.path(of: "finished"))
        let length = try fields.integer("tokens", in: 0...1 << 32)
        if (unit == .given && length == nil) || (unit == .bytes && length != nil) {
            throw .invalidValue(
                path: fields.path(of: "tokens"), expected: "given for all responses or for none",
                found: length == nil ? "none" : "one")
        }
        unit = length == nil ? .bytes : .given
        return ResponseGroup.Response(
            text: request.ending.parting(text).content, length: length, isFinished: isFinished)
    }

    func reply(_ request: RewardRequest, desk: RewardDesk) async throws -> [UInt8] {
        let graded = try await desk.grade(groups, request)
        let rewards = graded.map { $0.rewards(alpha: request.alpha) }
        let unit = unit == .given ? .given : desk.countedUnit
        return JSONWriter.object { json in
            json.array("groups") { json in
                for (index, group) in graded.enumerated() {
                    json.object {
                        Self.write(ids[index], into: &$0)
                        $0.array("rewards", rewards[index])
                        $0.array("accuracy", group.accuracy)
                        $0.array("lengths") { for length in group.lengths { $0.value(length) } }
                        $0.array("advantages", group.advantages(of: rewards[index]))
                    }
                }
            }
            json.array("rewards", rewards.flatMap(\.self))
            json.field("alpha", request.alpha)
            json.field("length_unit", unit.rawValue)
            guard !warnings.isEmpty else { return }
            json.array("warnings") { for warning in warnings { $0.value(warning) } }
        }
    }

    private static func write(_ id: TemplateValue?, into json: inout JSONWriter) {
        switch id {
        case .string(let text): json.field("id", text)
        case .integer(let number): json.field("id", number)
        default: json.null("id")
        }
    }
}
