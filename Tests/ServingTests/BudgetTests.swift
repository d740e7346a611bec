import Foundation
import HTTP
import Inference
import Routing
import Testing
import Tokenization

@testable import Serving

@Suite struct BudgetTests {
    static let route = "/generate"

    /// A member that takes about 20 tokens, costs 2 a million and 1 a million of prompt.
    static let candidate = Candidate(
        id: "tiny-a0", alpha: 0, contextLength: 1000, price: Price(prompt: 1, completion: 2),
        thought: .init(closerTokens: 3, answerReserve: 8, leastAnswer: 2),
        forecast: Forecast(
            location: log(20.5), scale: 0.5, residuals: [-1, 0, 1], accuracy: 0.9,
            closings: [.init(share: 0.5, accuracy: 0.2)]),
        load: Load(prefillSeconds: 0.1, secondsPerToken: 0.01))

    static func caller(_ change: (inout ScriptedService.Script) -> Void = { _ in }) -> Caller {
        var script = ScriptedService.Script()
        script.candidate = candidate
        change(&script)
        return Caller(script)
    }

    static func asked(_ body: String) async throws -> CompletionRequest {
        let caller = Self.caller()
        _ = try await caller.post(route, #"{"prompt":"q","# + body + "}")
        return try #require(caller.service.record.requests.first)
    }

    @Test(
        arguments: [
            (#""budget":7"#, 7, nil, nil),
            (#""budget":{"tokens":7,"reasoning_tokens":3}"#, 7, 3, nil),
            (#""budget":"low""#, nil, nil, Effort.low),
            (#""budget":{"reasoning_tokens":-1,"effort":"max"}"#, nil, nil, .max),
            (#""thinking_token_budget":9"#, nil, 9, nil),
            (#""reasoning_budget_tokens":9,"thinking_budget":8"#, nil, 8, nil),
            (#""thinking_budget":-1"#, nil, nil, nil),
            (#""thinking":{"type":"enabled","budget_tokens":12}"#, nil, 12, nil),
            (#""thinking":{"type":"disabled"}"#, nil, 0, nil),
            (#""reasoning":{"max_tokens":5,"effort":"high"}"#, nil, 5, .high),
            (#""reasoning_effort":"medium""#, nil, nil, .medium),
            (#""reasoning_effort":"none""#, nil, 0, Effort.none),
            (#""think":false"#, nil, 0, nil), (#""think":"low""#, nil, nil, .low),
            (#""enable_thinking":false"#, nil, 0, nil), (#""num_predict":6"#, 6, nil, nil),
            (#""n_predict":-1"#, nil, nil, nil), (#""max_tokens":9,"num_predict":6"#, 6, nil, nil),
        ] as [(String, Int?, Int?, Effort?)])
    func `every dialect's ceilings and efforts are heard`(
        body: String, tokens: Int?, reasoning: Int?, effort: Effort?
    ) async throws {
        let request = try await Self.asked(body)
        let budget = try #require(request.budget)
        #expect(request.maximumTokens == tokens)
        let own = [budget.reasoningTokens, request.ceilings.reasoningTokens]
        #expect(own.compactMap(\.self).min() == reasoning)
        #expect(budget.effort == effort)
    }

    @Test func `the answer says what was asked, what held, who answered and why`() async throws {
        let reply = try await Self.caller().post(
            Self.route,
            #"{"prompt":"q","budget":{"tokens":50,"cost":0.00009,"answer_tokens":9}}"#)
        #expect(reply.status == 200)
        #expect(try reply.at("budget.requested.policy") == nil)
        let spending = try await Self.caller().post(
            Self.route, #"{"prompt":"q","budget":50,"policy":"escalate"}"#)
        #expect(try spending.at("budget.requested.policy") == .string("escalate"))
        #expect(try reply.at("budget.requested.cost") == .number(0.00009))
        #expect(try reply.at("budget.effective.tokens") == .integer(41))
        #expect(try reply.at("budget.effective.set_by") == .string("cost"))
        #expect(try reply.at("budget.effective.reasoning_tokens") == .integer(32))
        #expect(try reply.at("budget.effective.answer_tokens") == .integer(9))
        #expect(try reply.at("budget.route.reason") == .string("only"))
        #expect(try reply.at("budget.route.predicted_tokens.p50") == .integer(21))
        #expect(try reply.at("budget.spent.cost")?.real.map { $0 > 0 && $0 < 0.00009 } == true)
    }

    @Test func `no thought at all is served with a warning`() async throws {
        let reply = try await Self.caller().post(
            Self.route, #"{"prompt":"q","budget":{"reasoning_tokens":0}}"#)
        #expect(try reply.at("budget.effective.reasoning_tokens") == .integer(0))
        #expect(reply.text.contains("closed before it began"))
        let other = try await Self.caller().post(Self.route, #"{"prompt":"q"}"#)
        #expect(!other.text.contains("closed before it began"))
    }

    @Test(arguments: [
        (#"{"tokens":4}"#, "tokens"), (#"{"cost":0.00000001}"#, "cost"),
        (#"{"latency_ms":120}"#, "latency_ms"),
    ])
    func `an infeasible budget comes back with one that works`(
        budget: String, key: String
    ) async throws {
        let caller = Self.caller()
        let refused = try await caller.post(Self.route, #"{"prompt":"q","budget":\#(budget)}"#)
        #expect(refused.status == 400)
        #expect(try refused.at("error.code") == .string("budget_infeasible"))
        #expect(try refused.at("error.param") == .string("budget.\(key)"))
        let minimum = try #require(try refused.at("error.minimum.\(key)")).json
        let served = try await caller.post(
            Self.route, #"{"prompt":"q","budget":{"\#(key)":\#(minimum)}}"#)
        #expect(served.status == 200)
    }

    @Test func `what will likely run out is refused where that was asked`() async throws {
        let reply = try await Self.caller().post(
            Self.route, #"{"prompt":"q","budget":{"tokens":10,"on_exhausted":"reject"}}"#)
        #expect(reply.status == 400)
        #expect(try reply.at("error.code") == .string("budget_unlikely"))
        #expect(try reply.at("error.predicted_tokens.p90") == .integer(34))
    }

    @Test func `a deadline that only the queue breaks may be tried again`() async throws {
        let caller = Self.caller { $0.candidate?.load.waitSeconds = 7 }
        let reply = try await caller.post(
            Self.route, #"{"prompt":"q","budget":{"latency_ms":1000}}"#)
        #expect(reply.status == 429)
        #expect(try reply.at("error.code") == .string("deadline_unmeetable"))
        #expect(reply.fields[.retryAfter] == "7")
    }

    @Test func `a text completion takes a total and refuses what needs a thought`() async throws {
        let caller = Self.caller()
        let total = try await caller.post("/v1/completions", #"{"prompt":"q","budget":5}"#)
        #expect(total.status == 200)
        let thought = try await caller.post(
            "/v1/completions", #"{"prompt":"q","budget":{"reasoning_tokens":5}}"#)
        #expect(thought.status == 400)
        #expect(try thought.at("error.code") == .string("unsupported_parameter"))
    }

    @Test func `a policy is one of two words`() async throws {
        let caller = Self.caller()
        let good = try await caller.post(Self.route, #"{"prompt":"q","policy":"escalate"}"#)
        #expect(good.status == 200)
        #expect(caller.service.record.requests.last?.policy == .escalate)
        let bad = try await caller.post(Self.route, #"{"prompt":"q","policy":"dice"}"#)
        #expect(bad.status == 400)
        #expect(try bad.at("error.param") == .string("policy"))
        #expect(try bad.at("error.message")?.text?.contains("route, escalate") == true)
    }

    @Test func `a budget under way is changed by the id that its stream carries`() async throws {
        let caller = Self.caller {
            $0.eventsBeforeSilence = 2
            $0.handle = GenerationHandle { revision in
                guard revision.tokens != 13 else { return nil }
                return EffectiveBudget(tokens: revision.tokens ?? 1, bound: .budget)
            }
        }
        let request = try HTTPRequest(
            method: .post, target: Self.route, fields: [:],
            body: Array(#"{"prompt":"q","stream":true}"#.utf8))
        let response = try await caller.api.respond(to: request)
        let stream = Task { try await response.collectBody() }
        var id: String?
        while id == nil {
            try await Task.sleep(for: .milliseconds(2))
            id = caller.api.generations.ids.first
        }
        let path = "/v1/generations/\(try #require(id))"
        let revised = try await caller.call(.patch, path, Array(#"{"budget":40}"#.utf8))
        #expect(revised.status == 200)
        #expect(try revised.at("effective.tokens") == .integer(40))
        let refused = try await caller.call(.patch, path, Array(#"{"budget":13}"#.utf8))
        #expect(refused.status == 409)
        for (body, code) in [
            ("{}", "missing_required_parameter"),
            (#"{"budget":{"cost":1}}"#, "unsupported_parameter"),
            (#"{"budget":5,"temperature":1}"#, "unsupported_parameter"),
            (#"{"budget":0}"#, "invalid_budget"),
        ] {
            let bad = try await caller.call(.patch, path, Array(body.utf8))
            #expect(bad.status == 400)
            #expect(try bad.at("error.code") == .string(code))
        }
        caller.service.release()
        _ = try await stream.value
        let gone = try await caller.call(.patch, path, Array(#"{"answer_now":true}"#.utf8))
        #expect(gone.status == 404)
        #expect(try gone.at("error.code") == .string("generation_not_found"))
    }

    @Test func `the score of routing is there for Prometheus`() async throws {
        var tracker = CoverageTracker()
        tracker.note(tokens: 5, promised: 9, isWhole: true)
        let scored = tracker
        let caller = Self.caller {
            $0.routing.decisions[.init(model: "a\"b", reason: .best)] = 3
            $0.routing.coverage["m"] = scored
        }
        let reply = try await caller.call(.get, "/metrics")
        #expect(reply.status == 200)
        let lines = reply.text.split(separator: "\n")
        #expect(
            lines.contains("laconic_route_decisions_total{model_name=\"a\\\"b\",reason=\"best\"} 3")
        )
        #expect(lines.contains("laconic_budget_overrun_tokens_total 0"))
        #expect(lines.contains("laconic_budget_p90_coverage{model_name=\"m\"} 1"))
    }

    @Test func `what was reused and guessed is there for Prometheus`() async throws {
        let caller = Self.caller {
            $0.decoding.prefixTokensQueried = 900
            $0.decoding.prefixTokensReused = 600
            $0.decoding.drafts = 7
            $0.decoding.draftTokens = 50
            $0.decoding.draftTokensAccepted = 40
        }
        let lines = try await caller.call(.get, "/metrics").text.split(separator: "\n")
        for line in [
            "laconic_prefix_cache_queries_total 900", "laconic_prefix_cache_hits_total 600",
            "laconic_spec_decode_num_drafts_total 7",
            "laconic_spec_decode_num_draft_tokens_total 50",
            "laconic_spec_decode_num_accepted_tokens_total 40",
        ] {
            #expect(lines.contains(Substring(line)), "\(line)")
        }
    }

    @Test func `what a family takes in memory is there for Prometheus`() async throws {
        let caller = Self.caller {
            $0.loading.loaded = 2
            $0.loading.byteCount = 3_000_000
            $0.loading.loads = 5
            $0.loading.drops = 3
            $0.loading.seconds = 0.25
        }
        let lines = try await caller.call(.get, "/metrics").text.split(separator: "\n")
        for line in [
            "laconic_members_loaded 2", "laconic_member_weight_bytes 3000000",
            "laconic_members_awaited 0", "laconic_member_loads_total 5",
            "laconic_member_load_failures_total 0", "laconic_member_drops_total 3",
            "laconic_member_load_seconds_total 0.25",
        ] {
            #expect(lines.contains(Substring(line)), "\(line)")
        }
    }

    @Test(arguments: [
        ("/generate", #"{"prompt":"q","alpha":0.15}"#),
        ("/v1/completions", #"{"prompt":"q","alpha":0.15}"#),
        ("/v1/chat/completions", #"{"messages":[{"role":"user","content":"q"}],"alpha":0.15}"#),
    ])
    func `an alpha is passed on, and the server's default model stands back`(
        path: String, body: String
    ) async throws {
        let caller = Caller { $0.defaultModel = "tiny-a0" }
        let reply = try await caller.post(path, body)
        #expect(reply.status == 200 && !reply.text.contains("ignored"))
        let request = try #require(caller.service.record.requests.last)
        #expect(request.alpha == 0.15 && request.model == nil)
    }

    @Test func `a quote is what the request would get, and makes no token`() async throws {
        let caller = Self.caller()
        let quote = try await caller.post(
            "/v1/budget/quote", #"{"prompt":"q","budget":{"tokens":30}}"#)
        #expect(quote.status == 200)
        #expect(try quote.at("object") == .string("budget.quote"))
        #expect(try quote.at("effective.tokens") == .integer(30))
        #expect(try quote.at("route.predicted_tokens.p99") == .integer(34))
        #expect(try quote.at("latency_ms.p50") == .integer(310))
        #expect(try quote.at("cost.p99")?.real.map { abs($0 - 68e-6) < 1e-9 } == true)
        #expect(try quote.at("minimum.tokens") == .integer(5))
        #expect(caller.service.record.requests.isEmpty)
        let bad = try await caller.post(
            "/v1/budget/quote", #"{"prompt":"q","budget":{"tokens":1}}"#)
        #expect(bad.status == 400)
        #expect(try bad.at("error.code") == .string("budget_infeasible"))
    }
}
