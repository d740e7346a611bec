import Evaluation
import HTTP
import Testing
import Tokenization

@testable import Serving

/// Groups whose responses come in requests of their own, as OpenRLHF sends them.
@Suite struct RewardGroupTests {
    private static let prompt = #"Put your answer within \boxed{}. 2+2?<|im_end|>\#n"#

    private static func body(
        _ texts: [String], prompt: String = prompt, label: String = #""4""#
    ) -> String {
        let queries = list(texts.map { quoted(prompt + $0 + "<|im_end|>") })
        let prompts = list(texts.map { _ in quoted(prompt) })
        let labels = list(texts.map { _ in label })
        return #"{"query":\#(queries),"prompts":\#(prompts),"labels":\#(labels)}"#
    }

    /// Waits until so many responses wait.
    private static func wait(for count: Int, in caller: Caller) async throws {
        for _ in 0..<5_000 {
            if await caller.api.rewards.collector.waitingCount == count { return }
            try await Task.sleep(for: .milliseconds(1))
        }
        Issue.record("never \(count) responses waited")
    }

    /// Sends each text in a request of its own, all at once.
    private static func replies(
        _ texts: [String], to caller: Caller, _ path: String
    ) async throws -> [Reply] {
        try await withThrowingTaskGroup(of: (Int, Reply).self) { tasks in
            for (index, text) in texts.enumerated() {
                tasks.addTask { (index, try await caller.post(path, body([text]))) }
            }
            var replies: [Int: Reply] = [:]
            for try await (index, reply) in tasks { replies[index] = reply }
            return texts.indices.compactMap { replies[$0] }
        }
    }

    @Test(arguments: RewardVector.all)
    func `the paper's vectors come out of as many requests`(vector: RewardVector) async throws {
        let caller = Caller()
        let size = vector.lengths.count
        let replies = try await Self.replies(
            vector.texts, to: caller, "/v1/reward?group_size=\(size)&alpha=\(vector.alpha)")
        #expect(replies.count == size)
        for (index, reply) in replies.enumerated() {
            #expect(reply.status == 200, "\(reply.text)")
            try reply.expect("rewards", [vector.rewards[index]])
            try reply.expect("scores", [vector.isCorrect[index] ? 1 : 0])
            try reply.expect("extra_logs.accuracy", [vector.isCorrect[index] ? 1 : 0])
            // The prompt is put aside before counting.
            try reply.expect("extra_logs.response_length", [Double(vector.lengths[index])])
            try reply.expect("extra_logs.group_size", [Double(size)])
            try reply.expect("extra_logs.group_complete", [1])
            #expect(try reply.at("length_unit") == .string("model_tokens"))
        }
        #expect(await caller.api.rewards.collector.waitingCount == 0)
        #expect(await caller.api.rewards.grader.comparisonCount == size)
    }

    @Test func `a request may hold a whole group`() async throws {
        let vector = RewardVector.all[1]
        let reply = try await Caller { $0.rewards.groupSize = 4 }.post(
            "/v1/reward", Self.body(vector.texts))
        try reply.expect("rewards", vector.rewards)
    }

    @Test func `when the wait is over what is there is graded, and said to be incomplete`()
        async throws
    {
        let vector = RewardVector.all[1]
        let replies = try await Self.replies(
            vector.texts, to: Caller(), "/v1/reward?group_size=5&wait_seconds=0.3")
        for (index, reply) in replies.enumerated() {
            try reply.expect("rewards", [vector.rewards[index]])
            try reply.expect("extra_logs.group_size", [4])
            try reply.expect("extra_logs.group_complete", [0])
        }
    }

    @Test func `a client that leaves is taken out of its group`() async throws {
        let caller = Caller { $0.rewards.groupSize = 2 }
        let texts = RewardVector.all[1].texts
        let leaver = Task { try await caller.post("/v1/reward", Self.body([texts[3]])) }
        try await Self.wait(for: 1, in: caller)
        leaver.cancel()
        await #expect(throws: HTTPError.cancelled) { try await leaver.value }
        try await Self.wait(for: 0, in: caller)

        let replies = try await Self.replies([texts[0], texts[1]], to: caller, "/v1/reward")
        for reply in replies { try reply.expect("extra_logs.accuracy", [1]) }
    }

    @Test func `other prompts, answers and settings are other groups`() async throws {
        let caller = Caller { $0.rewards.groupSize = 2 }
        let text = RewardVector.all[1].texts[0]
        let bodies = [
            ("/v1/reward", Self.body([text])), ("/v1/reward?alpha=0.2", Self.body([text])),
            ("/v1/reward", Self.body([text], prompt: "other")),
            ("/v1/reward", Self.body([text], label: "5")),
        ]
        try await withThrowingTaskGroup(of: Reply.self) { tasks in
            for (path, body) in bodies {
                tasks.addTask { try await caller.post(path, body) }
            }
            try await Self.wait(for: 4, in: caller)
            for (path, body) in bodies {
                tasks.addTask { try await caller.post(path, body) }
            }
            for try await reply in tasks {
                try reply.expect("extra_logs.group_complete", [1])
                try reply.expect("extra_logs.group_size", [2])
            }
        }
    }

    @Test func `a text that was cut off is wrong`() async throws {
        let caller = Caller { $0.rewards.groupSize = 1 }
        let text = quoted(Self.prompt + #"</think>\boxed{4}"#)
        let reply = try await caller.post(
            "/v1/reward", #"{"query":[\#(text)],"prompts":[\#(quoted(Self.prompt))],"labels":[4]}"#)
        try reply.expect("rewards", [0])
        try reply.expect("extra_logs.finished", [0])
    }

    @Test func `a server that is full of waiting responses says when to come again`() async throws {
        let caller = Caller {
            $0.rewards.maximumWaiting = 1
            $0.rewards.groupSize = 2
        }
        let first = Task { try await caller.post("/v1/reward", Self.body(["a"])) }
        try await Self.wait(for: 1, in: caller)
        let reply = try await caller.post("/v1/reward", Self.body(["b"], prompt: "other"))
        #expect(reply.status == 429)
        #expect(try reply.at("error.code") == .string("queue_full"))
        #expect(reply.fields[.retryAfter] == "5")
        first.cancel()
        _ = try? await first.value
    }

    @Test func `a server that shuts down grades what it has`() async throws {
        let caller = Caller()
        let waiting = Task { try await caller.post("/v1/reward", Self.body(["a"])) }
        try await Self.wait(for: 1, in: caller)
        caller.api.beginDraining()
        let reply = try await waiting.value
        #expect(reply.status == 200)
        try reply.expect("extra_logs.group_complete", [0])
    }
}
