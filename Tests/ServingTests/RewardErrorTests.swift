import Testing
import Tokenization

@testable import Serving

@Suite struct RewardErrorTests {
    /// A request, and the code and path of its error.
    struct Bad: Sendable, CustomTestStringConvertible {
        let query: String
        let body: String
        let code: String
        let param: String?
        var testDescription: String { query + body }

        init(_ body: String, _ code: String, _ param: String?, query: String = "") {
            self.query = query
            self.body = body
            self.code = code
            self.param = param
        }
    }

    private static let missing = "missing_required_parameter"
    private static let one = #"{"text":"x","finished":true}"#
    private static func group(_ members: String) -> String { #"{"groups":[{\#(members)}]}"# }
    private static func batch(_ responses: String, _ more: String = "") -> String {
        #"{"groups":[{"answer":"4","responses":[\#(responses)]}]\#(more)}"#
    }
    private static func paper(_ members: String) -> String { #"{"query":[{\#(members)}]}"# }
    private static func row(_ members: String) -> String {
        paper(#""response":"x","aux_info":{\#(members)}"#)
    }

    @Test(arguments: [
        Bad("", "invalid_json", nil),
        Bad("[]", "invalid_json", nil),
        Bad("{}", missing, "groups"),
        Bad(batch(one, #","alpha":1"#), "invalid_alpha", "alpha"),
        Bad(batch(one, #","alpha":-0.1"#), "invalid_alpha", "alpha"),
        Bad(batch(one, #","alpha":"0.1""#), "invalid_alpha", "alpha"),
        Bad(batch(one), "invalid_alpha", "alpha", query: "?alpha=nan"),
        Bad(batch(one), "invalid_alpha", "alpha", query: "?alpha=1.0"),
        Bad(batch(one), "invalid_alpha", "alpha", query: "?alpha="),
        Bad(batch(one), "unsupported_parameter", "groupsize", query: "?groupsize=8"),
        Bad(batch(one), "invalid_value", "group_size", query: "?group_size=0"),
        Bad(batch(one), "invalid_value", "group_size", query: "?group_size=1025"),
        Bad(batch(one), "invalid_value", "wait_seconds", query: "?wait_seconds=601"),
        Bad(batch(one), "invalid_value", "wait_seconds", query: "?wait_seconds=soon"),
        Bad(batch(one), "invalid_value", "grading", query: "?grading=kind"),
        Bad(batch(one, #","grading":1"#), "invalid_type", "grading"),
        Bad(#"{"groups":{}}"#, "invalid_type", "groups"),
        Bad(#"{"groups":[]}"#, "invalid_value", "groups"),
        Bad(#"{"groups":[1]}"#, "invalid_type", "groups.0"),
        Bad(group(#""responses":[]"#), missing, "groups.0.answer"),
        Bad(group(#""answer":"""#), "invalid_value", "groups.0.answer"),
        Bad(group(#""answer":[]"#), "invalid_type", "groups.0.answer"),
        Bad(group(#""answer":"4""#), missing, "groups.0.responses"),
        Bad(group(#""answer":"4","id":1.5,"responses":[]"#), "invalid_type", "groups.0.id"),
        Bad(group(#""answer":"4","question":4"#), "invalid_type", "groups.0.question"),
        Bad(batch(""), "invalid_value", "groups.0.responses"),
        Bad(batch(#"{"finished":true}"#), missing, "groups.0.responses.0.text"),
        Bad(batch(#"{"text":"x"}"#), missing, "groups.0.responses.0.finished"),
        Bad(
            batch(#"{"text":"x","finished":1}"#), "invalid_type", "groups.0.responses.0.finished"),
        Bad(
            batch(#"{"text":"x","finished":true,"tokens":-1}"#), "invalid_value",
            "groups.0.responses.0.tokens"),
        Bad(
            batch(#"{"text":"x","finished":true,"tokens":1},\#(one)"#), "invalid_value",
            "groups.0.responses.1.tokens"),
        Bad(
            batch(#"\#(one),{"text":"x","finished":true,"tokens":1}"#), "invalid_value",
            "groups.0.responses.1.tokens"),
        Bad(
            batch([one, one, one, one, one].joined(separator: ",")), "invalid_value",
            "groups.0.responses"),
        Bad(
            #"{"groups":[{"answer":1,"responses":[\#(one),\#(one),\#(one)]},"#
                + #"{"answer":1,"responses":[\#(one),\#(one)]}]}"#, "too_many_responses", nil),
        Bad(#"{"query":5}"#, "invalid_type", "query"),
        Bad(#"{"query":[]}"#, "invalid_value", "query"),
        Bad(#"{"query":[5]}"#, "invalid_type", "query.0"),
        Bad(paper(#""aux_info":{}"#), missing, "query.0.response"),
        Bad(paper(#""response":"x""#), missing, "query.0.aux_info"),
        Bad(row(""), missing, "query.0.aux_info.dataset_name"),
        Bad(row(#""dataset_name":"d""#), missing, "query.0.aux_info.all_responses"),
        Bad(
            row(#""dataset_name":"d","all_responses":["x"]"#), missing,
            "query.0.aux_info.solution"),
        Bad(
            row(#""dataset_name":"d","all_responses":["x"],"solution":"none""#), "invalid_value",
            "query.0.aux_info.solution"),
        Bad(
            row(#""dataset_name":"d","all_responses":["x",1],"answer":"4""#), "invalid_type",
            "query.0.aux_info.all_responses.1"),
        Bad(#"{"query":["x"]}"#, missing, "prompts"),
        Bad(#"{"query":["x"],"prompts":["x"]}"#, missing, "labels"),
        Bad(#"{"query":["x"],"prompts":["x"],"labels":[null]}"#, "invalid_type", "labels.0"),
        Bad(#"{"query":["x"],"prompts":["x","y"],"labels":["4"]}"#, "invalid_value", "prompts"),
        Bad(#"{"query":["x"],"prompts":["x"],"labels":["4","5"]}"#, "invalid_value", "labels"),
    ])
    func `a bad request gets a 400 that names the field`(bad: Bad) async throws {
        let caller = Caller { $0.rewards.maximumResponses = 4 }
        let reply = try await caller.post("/v1/reward\(bad.query)", bad.body)
        #expect(reply.status == 400, "\(reply.text)")
        #expect(try reply.at("error.code") == .string(bad.code))
        #expect(try reply.at("error.param") == bad.param.map { .string($0) } ?? .null)
        #expect(try reply.at("error.message")?.text?.isEmpty == false)
    }
}
