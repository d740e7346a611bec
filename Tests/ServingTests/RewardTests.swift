import Evaluation
import HTTP
import Logging
import Testing
import Tokenization

@testable import Serving

@Suite struct RewardTests {
    private static let end = "<｜end▁of▁sentence｜>"
    private static let prompt = #"<｜User｜>Put your answer within \boxed{}. Question: 2+2?\#n"#

    /// The paper's body, one entry for each of `asked`.
    private static func paperBody(
        _ asked: [String], all: [String], row: String = #""solution":"It is \\boxed{4}.""#,
        dataset: String = "math", more: String = ""
    ) -> String {
        let entries = asked.map {
            #"{"response":\#(quoted($0)),"aux_info":{"dataset_name":"\#(dataset)","#
                + #""problem":"2+2?",\#(row),"all_responses":\#(list(all.map(quoted)))}}"#
        }
        return #"{"query":\#(list(entries)),"steps":17,"total_steps":100\#(more)}"#
    }

    private static func batchBody(
        _ texts: [String], lengths: [Int]? = nil, more: String = ""
    ) -> String {
        let responses = texts.enumerated().map { index, text in
            let tokens = lengths.map { #""tokens":\#($0[index]),"# } ?? ""
            return #"{"text":\#(quoted(text)),\#(tokens)"finished":true}"#
        }
        return #"{"groups":[{"id":"q1","question":"2+2?","answer":"4","responses":"#
            + #"\#(list(responses))}]\#(more)}"#
    }

    @Test(arguments: RewardVector.all)
    func `the paper's vectors come out of the batch form`(vector: RewardVector) async throws {
        let body = Self.batchBody(
            vector.texts, lengths: vector.lengths, more: #","alpha":\#(vector.alpha)"#)
        let reply = try await Caller().post("/v1/reward", body)
        #expect(reply.status == 200, "\(reply.text)")
        try reply.expect("groups.0.rewards", vector.rewards)
        try reply.expect("rewards", vector.rewards)
        try reply.expect("groups.0.accuracy", vector.isCorrect.map { $0 ? 1 : 0 })
        try reply.expect("groups.0.lengths", vector.lengths.map(Double.init))
        #expect(try reply.at("groups.0.id") == .string("q1"))
        #expect(try reply.at("length_unit") == .string("tokens"))
        if let advantages = vector.advantages {
            try reply.expect("groups.0.advantages", advantages)
        }
    }

    @Test(arguments: RewardVector.all, ["/query", "/v1/reward"])
    func `the paper's vectors come out of the paper's form, prompt and all`(
        vector: RewardVector, path: String
    ) async throws {
        let caller = Caller()
        let all = vector.texts.map { Self.prompt + $0 + Self.end }
        for (index, text) in all.enumerated() {
            let reply = try await caller.post(
                "\(path)?alpha=\(vector.alpha)", Self.paperBody([text], all: all))
            #expect(reply.status == 200, "\(reply.text)")
            try reply.expect("rewards", [vector.rewards[index]])
            try reply.expect("math_accuracy", [vector.isCorrect[index] ? 1 : 0])
            try reply.expect("is_math", [1])
            try reply.expect(
                "math_response_length", [Double(vector.lengths[index] + Self.prompt.utf8.count)])
        }
        // Every response once, though each came with every request.
        #expect(await caller.api.rewards.grader.comparisonCount == all.count)
    }

    @Test(arguments: RewardVector.all)
    func `lengths are counted by the served model or, without one, in bytes`(
        vector: RewardVector
    ) async throws {
        let body = Self.batchBody(vector.texts)
        let counted = try await Caller().post("/v1/reward?alpha=\(vector.alpha)", body)
        #expect(try counted.at("length_unit") == .string("model_tokens"))
        try counted.expect("rewards", vector.rewards)

        let api = API(
            service: RewardOnlyService(), configuration: .init(),
            logger: Logger(label: "serving") { _ in SwiftLogNoOpLogHandler() })
        api.markReady()
        let response = try await api.respond(
            to: HTTPRequest(
                method: .post, target: "/v1/reward?alpha=\(vector.alpha)",
                body: Array(body.utf8)))
        let reply = Reply(
            status: response.status.code, fields: response.fields,
            bytes: try await response.collectBody())
        #expect(try reply.at("length_unit") == .string("utf8_bytes"))
        try reply.expect("rewards", vector.rewards)
    }

    @Test func `alpha is the body's, else the URL's, else the server's`() async throws {
        let caller = Caller { $0.rewards.alpha = 0.4 }
        for (query, more, alpha) in [
            ("", "", 0.4), ("?alpha=0.2", "", 0.2), ("?alpha=0.2", #","alpha":0"#, 0.0),
        ] {
            let reply = try await caller.post(
                "/v1/reward\(query)",
                Self.batchBody([#"</think>\boxed{4}"#], lengths: [10], more: more))
            try reply.expect("rewards", [1 - alpha / 2])
            #expect(try reply.numbers("groups.0.advantages") == [nil])
        }
    }

    @Test func `a text without an end is wrong, be a box in it or not`() async throws {
        let all = [#"a</think>\boxed{4}"#, #"ab</think>\boxed{4}\#(Self.end)"#]
        let reply = try await Caller().post("/query", Self.paperBody(all, all: all))
        try reply.expect("rewards", [0, 0.95])
        try reply.expect("math_accuracy", [0, 1])
    }

    @Test func `an end that the trainer wrote over the last token is seen through`() async throws {
        let raw = #"abc</think>\boxed{4} and so on"#
        let other = #"ab</think>\boxed{4}\#(Self.end)"#
        let forged = #"abc</think>\boxed{4} and so\#(Self.end)"#
        let reply = try await Caller().post(
            "/query", Self.paperBody([forged, other], all: [raw, other]))
        try reply.expect("rewards", [0, 0.95])
    }

    @Test func `a response outside its group joins it`() async throws {
        let texts = RewardVector.all[1].texts.map { $0 + Self.end }
        let reply = try await Caller().post(
            "/query", Self.paperBody([texts[0]], all: Array(texts[1...])))
        try reply.expect("rewards", [0.97729])
    }

    @Test func `each data set has its own lists, null for the others' entries`() async throws {
        let text = #"</think>\boxed{4}\#(Self.end)"#
        let first = Self.paperBody([text], all: [text], dataset: "a")
        let second = Self.paperBody([text], all: [text], dataset: "b")
        let entry = { (body: String) in
            String(body.dropFirst(#"{"query":["#.count).prefix { $0 != "]" }) + "]}}"
        }
        let reply = try await Caller().post(
            "/query", #"{"query":[\#(entry(first)),\#(entry(second))]}"#)
        #expect(try reply.numbers("a_accuracy") == [1, nil])
        #expect(try reply.numbers("b_response_length") == [nil, 17])
        #expect(try reply.numbers("is_a") == [1, 0])
        #expect(!reply.text.contains("NaN"))
    }

    @Test(arguments: [
        #""answer":"4""#, #""answer":4"#, #""answer":"two and two\n#### 4","solution":"5""#,
        #""answer":null,"solution":"2 + 2 = \\boxed{4}""#, #""solution":"so #### 4""#,
    ])
    func `the right answer is found in the data row`(row: String) async throws {
        let text = #"</think>\boxed{4}\#(Self.end)"#
        let reply = try await Caller().post("/query", Self.paperBody([text], all: [text], row: row))
        try reply.expect("math_accuracy", [1])
    }

    @Test func `only one box behind one thought is paid for, unless grading is lenient`()
        async throws
    {
        let texts = [
            #"\boxed{4}</think>4"#, #"</think>\boxed{3}\boxed{4}"#, #"it is \boxed{4}"#,
            #"</think>\boxed{4"#, #"</think>\boxed{4}"#,
        ]
        let caller = Caller()
        let body = Self.batchBody(texts, lengths: [1, 1, 1, 1, 1])
        let strict = try await caller.post("/v1/reward", body)
        try strict.expect("groups.0.accuracy", [0, 0, 0, 0, 1])
        let lenient = try await caller.post("/v1/reward?grading=evaluation", body)
        try lenient.expect("groups.0.accuracy", [1, 1, 1, 1, 1])
    }

    @Test func `a server that is not ready gives no rewards`() async throws {
        let reply = try await Caller(ready: false).post("/v1/reward", Self.batchBody(["x"]))
        #expect(reply.status == 503)
    }

    @Test func `fields that are not known are named`() async throws {
        let reply = try await Caller().post(
            "/v1/reward", Self.batchBody(["x"], more: #","alhpa":0.2"#))
        #expect(try reply.at("warnings.0") == .string("the field 'alhpa' was ignored"))
    }
}
