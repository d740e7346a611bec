import HTTP
import Inference
import Testing
import Tokenization

@testable import Serving

/// What `/metrics` says after clients that ended in every way.
@Suite struct MetricsTests {
    private static let tiny = #"{model_name="tiny-a0"}"#

    @Test func `whatever a request ends with is counted once`() async throws {
        var script = ScriptedService.Script(
            thought: ["x", "y"], answer: ["a", "b"], eventsBeforeSilence: 3)
        script.fallsSilent = { $0.stopStrings == ["silent"] }
        script.refusal = {
            $0.stopStrings == ["full"] ? .queueFull(depth: 1, retryAfterSeconds: 1) : nil
        }
        let caller = Caller(script)
        // Prompts of eight tokens, as they are written; four tokens, two of them thought.
        for stream in [false, true] {
            _ = try await caller.post("/generate", #"{"prompt":"p","stream":\#(stream)}"#)
            _ = try await caller.post(
                "/generate", #"{"prompt":"p","max_tokens":3,"stream":\#(stream)}"#)
            let leaver = Task {
                try await caller.post(
                    "/generate", #"{"prompt":"p","stop":"silent","stream":\#(stream)}"#)
            }
            #expect(await eventually { Self.told(by: caller) >= (stream ? 18 : 9) })
            leaver.cancel()
            await #expect(throws: (any Error).self) { try await leaver.value }
            for body in [
                #"{"prompt":"p","stop":"full"}"#, #"{"prompt":"p","n":0}"#, #"{"prompt":"#,
                #"{"prompt":"p","model":"nobody"}"#,
            ] { _ = try await caller.post("/generate", body) }
        }
        let metrics = try await caller.metrics()
        #expect(
            metrics.counts("laconic_request_success_total") == [
                #"{model_name="tiny-a0",finished_reason="stop"}"#: 2,
                #"{model_name="tiny-a0",finished_reason="length"}"#: 2,
                #"{model_name="tiny-a0",finished_reason="abort"}"#: 2,
            ])
        #expect(
            metrics.counts("laconic_request_failures_total") == [
                #"{code="queue_full"}"#: 2, #"{code="invalid_value"}"#: 2,
                #"{code="invalid_json"}"#: 2, #"{code="model_not_found"}"#: 2,
            ])
        // Those of the ones that left are what they were told.
        #expect(metrics["laconic_generation_tokens_total\(Self.tiny)"] == 2 * (4 + 3 + 2))
        #expect(metrics["laconic_reasoning_tokens_total\(Self.tiny)"] == 2 * (2 + 2 + 2))
        #expect(metrics["laconic_prompt_tokens_total\(Self.tiny)"] == 2 * 3 * 8)
        for (name, count, sum) in [
            ("request_prompt_tokens", 4, 32), ("request_generation_tokens", 4, 14),
            ("request_reasoning_tokens", 4, 8), ("request_max_num_generation_tokens", 4, 14),
        ] {
            #expect(metrics["laconic_\(name)_count\(Self.tiny)"] == Double(count), "\(name)")
            #expect(metrics["laconic_\(name)_sum\(Self.tiny)"] == Double(sum), "\(name)")
        }
        #expect(metrics["laconic_time_to_first_token_seconds_count\(Self.tiny)"] == 6)
        #expect(metrics["laconic_e2e_request_latency_seconds_count\(Self.tiny)"] == 4)
        #expect(metrics["laconic_budget_requested_tokens_total\(Self.tiny)"] == 6)
        #expect(metrics["laconic_budget_spent_tokens_total\(Self.tiny)"] == 6)
        #expect(
            metrics.counts("laconic_budget_exhausted_total")
                == [#"{model_name="tiny-a0",kind="tokens"}"#: 2])
        #expect(
            metrics.counts("laconic_http_requests_total").filter { $0.key.contains("generate") }
                == [
                    #"{handler="/generate",method="POST",status="200"}"#: 5,
                    #"{handler="/generate",method="POST",status="400"}"#: 4,
                    #"{handler="/generate",method="POST",status="404"}"#: 2,
                    #"{handler="/generate",method="POST",status="429"}"#: 2,
                    #"{handler="/generate",method="POST",status="499"}"#: 1,
                ])
    }

    /// New tokens told so far.
    private static func told(by caller: Caller) -> Int {
        caller.api.metrics.tokens["tiny-a0"]?.generation ?? 0
    }

    @Test(arguments: [false, true])
    func `an engine that stops in the middle is one failure`(streams: Bool) async throws {
        let caller = Caller(.init(answer: ["a", "b"], eventsBeforeFailure: 2))
        _ = try await caller.post("/generate", #"{"prompt":"p","n":2,"stream":\#(streams)}"#)
        let metrics = try await caller.metrics()
        #expect(
            metrics.counts("laconic_request_failures_total") == [#"{code="engine_failure"}"#: 1])
        #expect(metrics.sum("laconic_request_success_total") == 0)
        #expect(metrics["laconic_generation_tokens_total\(Self.tiny)"] == 1)
    }

    @Test func `an answer that nobody fetches is counted as left`() async throws {
        let caller = Caller(.init(answer: ["a", "b"]))
        do {
            let request = try HTTPRequest(
                method: .post, target: "/generate",
                body: Array(#"{"prompt":"p","n":3,"stream":true}"#.utf8))
            _ = try await caller.api.respond(to: request)
        }
        let metrics = try await caller.metrics()
        #expect(
            metrics.counts("laconic_request_success_total")
                == [#"{model_name="tiny-a0",finished_reason="abort"}"#: 3])
    }

    @Test func `sums are those of usage in every dialect`() async throws {
        var script = ScriptedService.Script(thought: ["x", "y", "z"], answer: ["a", "b"])
        let now = ContinuousClock.now
        script.stages = .init(
            submitted: now, admitted: now + .seconds(2), firstToken: now + .seconds(5),
            ended: now + .seconds(50))
        let caller = Caller(script)
        var expected: (prompt: Double, new: Double, thought: Double) = (0, 0, 0)
        func add(_ reply: TemplateValue?, _ prompt: String, _ new: String, _ thought: String?) {
            func number(_ path: String) -> Double {
                guard case .integer(let number) = reply?.at(path) else {
                    Issue.record("no \(path)")
                    return 0
                }
                return Double(number)
            }
            expected.prompt += number(prompt)
            expected.new += number(new)
            if let thought { expected.thought += number(thought) }
        }
        let usage = (
            "usage.prompt_tokens", "usage.completion_tokens",
            "usage.completion_tokens_details.reasoning_tokens"
        )
        for (path, body) in [
            ("/generate", #""prompt":"abc","n":3"#), ("/generate", #""prompt":"a","budget":4"#),
            ("/v1/chat/completions", #""messages":[{"role":"user","content":"a"}],"n":2"#),
            ("/v1/completions", #""prompt":["ab","cde"],"n":2"#),
            ("/v1/completions", #""prompt":"ab","echo":true,"max_tokens":0"#),
        ] {
            let whole = try await caller.post(path, "{\(body)}")
            add(try whole.at(""), usage.0, usage.1, path == "/v1/completions" ? nil : usage.2)
            let stream = try await caller.post(
                path, "{\(body),\"stream\":true,\"stream_options\":{\"include_usage\":true}}")
            let told = try stream.documents().last { $0.at("usage.prompt_tokens") != nil }
            add(told, usage.0, usage.1, path == "/v1/completions" ? nil : usage.2)
        }
        add(
            try await caller.post("/v1/responses", #"{"input":"abc"}"#).at(""),
            "usage.input_tokens", "usage.output_tokens",
            "usage.output_tokens_details.reasoning_tokens")
        for body in [
            #"{"model":"tiny-a0","prompt":"ab"}"#,
            #"{"model":"tiny-a0","prompt":"ab","stream":false}"#,
        ] {
            let lines = try await caller.post("/api/generate", body).text.split(separator: "\n")
            let last = try JSONReader.read(Array(try #require(lines.last).utf8))
            add(last, "prompt_eval_count", "eval_count", nil)
        }
        let tgi = try await caller.post(
            "/generate", #"{"inputs":"abcd","parameters":{"details":true}}"#)
        add(try tgi.at(""), "details.generated_tokens", "details.generated_tokens", nil)
        // TGI tells no tokens of the prompt here: five, and five were added above.
        let metrics = try await caller.metrics()
        #expect(metrics.sum("laconic_prompt_tokens_total") == expected.prompt)
        #expect(metrics.sum("laconic_generation_tokens_total") == expected.new)
        #expect(metrics.sum("laconic_request_prompt_tokens_sum") == expected.prompt)
        #expect(metrics.sum("laconic_request_generation_tokens_sum") == expected.new)
        #expect(
            metrics.sum("laconic_request_reasoning_tokens_sum")
                == metrics.sum("laconic_reasoning_tokens_total"))
        #expect(metrics.sum("laconic_reasoning_tokens_total") >= expected.thought)
        let choices = metrics.sum("laconic_request_success_total")
        #expect(metrics.sum("laconic_request_generation_tokens_count") == choices)
        for (name, seconds) in [
            ("queue_time", 2.0), ("prefill_time", 3), ("decode_time", 45),
        ] {
            #expect(metrics.sum("laconic_request_\(name)_seconds_count") == choices)
            #expect(metrics.sum("laconic_request_\(name)_seconds_sum") == seconds * choices)
        }
    }

    @Test func `clients cannot add series`() async throws {
        let caller = Caller()
        for number in 0..<50 {
            _ = try await caller.call(.get, "/nobody/\(number)?x=\(number)")
            _ = try await caller.call(.get, "/v1/models/m\(number)")
            let method = try #require(HTTPMethod("M\(number)"))
            _ = try await caller.call(method, "/generate")
            _ = try await caller.post("/generate", #"{"prompt":"a","model":"m\#(number)"}"#)
        }
        #expect(
            try await caller.metrics().counts("laconic_http_requests_total") == [
                #"{handler="none",method="GET",status="404"}"#: 50,
                #"{handler="/v1/models/{id}",method="GET",status="404"}"#: 50,
                #"{handler="/generate",method="other",status="405"}"#: 50,
                #"{handler="/generate",method="POST",status="404"}"#: 50,
            ])
    }

    @Test func `members beyond some dozens are counted as one`() {
        let metrics = ServingMetrics()
        for number in 0..<100 {
            metrics.update("m\(number)") { $0.endings["stop", default: 0] += 1 }
            metrics.tally(of: "m\(number)").add(generation: 1, reasoning: 0)
        }
        #expect(metrics.counts.models.count == 65 && metrics.tokens.count == 65)
        #expect(metrics.counts.models["other"]?.endings["stop"] == 36)
        #expect(metrics.tokens["other"]?.generation == 36)
    }

    @Test func `what engines hold is there, and vLLM's names where they are asked for`()
        async throws
    {
        var script = ScriptedService.Script()
        script.decoding.running = 3
        script.decoding.waiting = 5
        script.decoding.pageCount = 200
        script.decoding.pagesUsed = 50
        script.decoding.pageSize = 16
        let plain = try await Caller(script).metrics()
        #expect(plain["laconic_num_requests_running"] == 3)
        #expect(plain["laconic_num_requests_waiting"] == 5)
        #expect(plain["laconic_kv_cache_usage_perc"] == 0.25)
        #expect(!plain.types.keys.contains { $0.contains(":") })
        #expect(
            plain[#"laconic_cache_config_info{block_size="16",num_gpu_blocks="200"}"#] == 1)
        let both = try await Caller(script) { $0.speaksVLLMMetrics = true }.metrics()
        #expect(both["vllm:num_requests_running\(Self.tiny)"] == 3)
        #expect(both["vllm:num_requests_waiting\(Self.tiny)"] == 5)
        #expect(both["vllm:kv_cache_usage_perc\(Self.tiny)"] == 0.25)
        #expect(both.types["vllm:cache_config_info"] == "gauge")
        // Without an engine nothing is divided by nothing.
        #expect(try await Caller().metrics()["laconic_kv_cache_usage_perc"] == 0)
    }

    @Test func `the process is told by Prometheus' names`() async throws {
        let metrics = try await Caller().metrics()
        for name in [
            "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
            "process_max_fds", "process_start_time_seconds", "process_virtual_memory_bytes",
        ] { #expect(metrics[name] > 0, "\(name)") }
        #expect(metrics["process_open_fds"] <= metrics["process_max_fds"])
    }
}
