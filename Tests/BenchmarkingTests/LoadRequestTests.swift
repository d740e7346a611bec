import Evaluation
import Foundation
import Testing
import Tokenization

@testable import Benchmarking

@Suite struct LoadRequestTests {
    @Test(arguments: [
        ("http://127.0.0.1:1", "/v1/completions", "/v1/models"),
        ("http://127.0.0.1:1/", "/v1/completions", "/v1/models"),
        ("http://127.0.0.1:1/v1", "/v1/completions", "/v1/models"),
        ("http://127.0.0.1:1/a/v1/", "/a/v1/completions", "/a/v1/models"),
        ("http://127.0.0.1:1/v1/chat/completions", "/v1/chat/completions", "/v1/models"),
        ("http://127.0.0.1:1/generate", "/generate", "/v1/models"),
    ])
    func `an address means its endpoint`(url: String, path: String, models: String) throws {
        let target = try LoadTarget(url: url)
        #expect(target.path == path && target.modelsPath == models)
        #expect(target.host == "127.0.0.1:1")
    }

    @Test(arguments: [
        ("https://h", "https is not spoken"), ("h:1", "expected http://"), ("", "expected http://"),
        ("http://u@127.0.0.1", "without user"), ("http://127.0.0.1/?q=1", "without user"),
        ("ftp://127.0.0.1", "expected http://"), ("http://no.such.host.invalid", "unknown"),
    ])
    func `an address that cannot be asked is named`(url: String, reason: String) throws {
        let error = try #require(throws: BenchmarkError.self) { _ = try LoadTarget(url: url) }
        #expect("\(error)".contains("'\(url)'") && "\(error)".contains(reason), "\(error)")
    }

    @Test func `an endpoint of one API is not asked as another`() {
        #expect(throws: BenchmarkError.self) {
            _ = try LoadTarget(url: "http://127.0.0.1/generate", api: .chat)
        }
    }

    private func body(_ api: LoadTarget.API, _ change: (inout LoadPlan) -> Void) throws
        -> TemplateValue
    {
        var plan = LoadPlan()
        plan.model = "m"
        plan.key = "k"
        change(&plan)
        let target = try LoadTarget(url: "http://127.0.0.1:9", api: api)
        let item = LoadPrompts.synthetic(words: 3, seed: 1).item(0, purpose: "test")
        let text = String(decoding: plan.request(item, to: target), as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        #expect(parts[0].hasPrefix("POST \(api.path) HTTP/1.1\r\nHost: 127.0.0.1:9\r\n"))
        #expect(parts[0].contains("Authorization: Bearer k"))
        #expect(parts[0].contains("Content-Length: \(parts[1].utf8.count)"))
        return try TemplateValue(json: Array(parts[1].utf8))
    }

    @Test func `each API is asked in its own words`() throws {
        let plain = try body(.completions) { $0.maximumTokens = 7 }
        guard case .string(let prompt) = plain["prompt"] else {
            Issue.record("no prompt")
            return
        }
        #expect(prompt.split(separator: " ").count == 3)
        #expect(plain["model"] == .string("m") && plain["max_tokens"] == .integer(7))
        #expect(plain["stream"] == .boolean(true) && plain["ignore_eos"] == .boolean(true))
        #expect(plain["stream_options"]?["include_usage"] == .boolean(true))
        let chat = try body(.chat) { $0.ignoresEndOfSequence = false }
        guard case .array(let messages) = chat["messages"] else {
            Issue.record("no messages")
            return
        }
        #expect(messages[0]["content"] == .string(prompt) && chat["ignore_eos"] == nil)
        #expect(try body(.generate) { $0.budget = "64" }["budget"] == .integer(64))
        #expect(try body(.generate) { $0.budget = "low" }["budget"] == .string("low"))
    }

    @Test func `prompts follow from the seed, and no two are alike`() {
        let prompts = LoadPrompts.synthetic(words: 20, seed: 4)
        let texts = (0..<100).compactMap { prompts.item($0, purpose: "a").text }
        #expect(Set(texts).count == 100)
        #expect(texts == (0..<100).compactMap { prompts.item($0, purpose: "a").text })
        #expect(prompts.item(0, purpose: "b").text != texts[0])
        #expect(LoadPrompts.synthetic(words: 20, seed: 5).item(0, purpose: "a").text != texts[0])
    }

    @Test func `a file is asked in turn, and a bad line is named`() throws {
        let path = NSTemporaryDirectory() + "laconic-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        func read(_ text: String) throws -> LoadPrompts {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return try LoadPrompts(path: path)
        }
        let prompts = try read(
            #"{"prompt":"a","max_tokens":3}"# + "\n" + #"{"messages":[{"role":"user"}]}"# + "\n"
                + #"{"question":"c"}"#)
        #expect(prompts.item(0, purpose: "").text == "a")
        #expect(prompts.item(0, purpose: "").maximumTokens == 3)
        #expect(prompts.item(1, purpose: "").text == nil)
        #expect(prompts.item(5, purpose: "").text == "c")
        for (text, reason) in [
            ("", "no lines"), ("{\"prompt\":\"a\"}\n{", "line 2: expected one JSON object"),
            ("{\"prompt\":\"\"}", "line 1: expected prompt"), ("{\"messages\":[]}", "line 1"),
            ("{\"prompt\":\"a\",\"max_tokens\":0}", "line 1: expected max_tokens"),
        ] {
            let error = try #require(throws: BenchmarkError.self) { _ = try read(text) }
            #expect("\(error)".contains(reason), "\(error)")
        }
        #expect(throws: BenchmarkError.file(path: "/none", reason: "cannot be read")) {
            _ = try LoadPrompts(path: "/none")
        }
    }

    @Test func `pauses of an open load are exponential around the mean, from the seed`() {
        func pauses(_ seed: UInt64) -> [Double] {
            var random = RandomSource(seed: seed)
            return (0..<4000).map { _ in
                LoadGenerator.pause(rate: 50, &random) / .milliseconds(1)
            }
        }
        let drawn = pauses(1)
        #expect(drawn == pauses(1) && drawn != pauses(2))
        // Mean 20 ms with a standard error of 20/sqrt(4000): within six of them.
        let mean = drawn.reduce(0, +) / 4000
        #expect(abs(mean - 20) < 1.9)
        // A share of 1/e lies beyond the mean.
        #expect(abs(Double(drawn.count { $0 > 20 }) / 4000 - 0.368) < 0.05)
    }
}
