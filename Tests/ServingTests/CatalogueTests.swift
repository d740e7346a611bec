import HTTP
import Inference
import Routing
import Testing
import Tokenization

@testable import Serving

@Suite struct CatalogueTests {
    @Test func `models are listed with what they are, and auto`() async throws {
        let reply = try await Caller().call(.get, "/v1/models")
        #expect(
            reply.text == """
                {"object":"list","data":[{"id":"tiny-a0","object":"model","created":1700000000,\
                "owned_by":"laconic","max_model_len":1000,"meta":{"alpha":0.0,\
                "context":1000,"architecture":"qwen2","dtype":"bf16","parameters":123,\
                "status":"loaded"}},{"id":"org/tiny-a2","object":"model","created":1700000000,\
                "owned_by":"laconic","max_model_len":1000,"meta":{"alpha":0.2,\
                "context":1000,"architecture":"qwen2","dtype":"bf16","parameters":123,\
                "status":"loaded"}},{"id":"auto","object":"model","created":1700000000,\
                "owned_by":"laconic","max_model_len":1000,"meta":{"alpha":null,"context":1000,"dtype":"bf16",\
                "status":"loaded","routes_to":["tiny-a0",\
                "org/tiny-a2"]}}]}
                """)
    }

    @Test func `what was measured of a member is told of it alone`() async throws {
        let tokens = FamilyManifest.Distribution(
            mean: 74.2233, least: 15, p50: 71, p90: 118.2, p99: 170)
        let easy = FamilyManifest.Level(
            difficulty: "easy", problems: 300, accuracy: 0.99,
            accuracyInterval: .init(low: 0.971, high: 0.9966), reasoningTokens: tokens,
            answerTokens: tokens, tokens: tokens, caps: [])
        var hard = easy
        (hard.difficulty, hard.accuracy) = ("hard", 0.123456)
        let caller = Caller(.init(profile: [easy, hard]))
        let text = try await caller.call(.get, "/v1/models").text
        let other = try #require(text.firstRange(of: "org/tiny-a2"))
        let plain = text[..<other.lowerBound]
        #expect(!plain.contains("price") && !plain.contains("measured"))
        #expect(
            text.contains(
                #""status":"loaded","price":{"prompt":0.1,"completion":1.0},"measured":["#
                    + #"{"difficulty":"easy","problems":300,"accuracy":0.99,"#
                    + #""accuracy_interval":{"low":0.971,"high":0.9966},"#
                    + #""tokens":{"mean":74.2233,"p50":71.0,"p90":118.2}},"#
                    + #"{"difficulty":"hard","problems":300,"accuracy":0.1235,"#))
        let auto = try #require(text.firstRange(of: #""id":"auto""#))
        #expect(!text[auto.lowerBound...].contains("measured"))
    }

    @Test func `a model says where its weights are, and what it lies between`() async throws {
        let caller = Caller(
            .init(describe: { models in
                models[0].status = .unloaded
                models.append(models[1])
                models[2].id = "tiny-a1"
                models[2].status = .loading
                models[2].between = ["tiny-a0", "org/tiny-a2"]
            }))
        let reply = try await caller.call(.get, "/v1/models")
        #expect(try reply.at("data.0.meta.status") == .string("unloaded"))
        #expect(try reply.at("data.1.meta.status") == .string("loaded"))
        #expect(try reply.at("data.1.meta.between") == nil)
        #expect(try reply.at("data.2.meta.status") == .string("loading"))
        #expect(try reply.at("data.2.meta.between.1") == .string("org/tiny-a2"))
        // The server never chooses one that nobody trained.
        #expect(try reply.at("data.3.meta.routes_to.2") == nil)
        #expect(try reply.at("data.3.meta.routes_to.1") == .string("org/tiny-a2"))
    }

    @Test(arguments: ["tiny-a0", "org/tiny-a2", "org%2Ftiny-a2", "auto"])
    func `a model is found by its name`(name: String) async throws {
        let reply = try await Caller().call(.get, "/v1/models/\(name)")
        #expect(reply.status == 200)
        #expect(try reply.at("id") == .string(name.replacing("%2F", with: "/")))
        #expect(try reply.at("object") == .string("model"))
    }

    @Test func `an unknown model is a 404 that names the served ones`() async throws {
        let reply = try await Caller().call(.get, "/v1/models/nope")
        #expect(reply.status == 404)
        #expect(try reply.at("error.code") == .string("model_not_found"))
        #expect(try reply.at("error.message")?.text?.contains("org/tiny-a2") == true)
    }

    @Test(arguments: [
        (#"{"prompt":"ab"}"#, "[256,97,98]", 3),
        (#"{"prompt":"ab","add_special_tokens":false}"#, "[97,98]", 2),
        (#"{"content":"ab"}"#, "[97,98]", 2),
        (#"{"content":"ab","add_special":true}"#, "[256,97,98]", 3),
        (#"{"content":""}"#, "[]", 0),
        (#"{"messages":[{"role":"u","content":"a"}]}"#, "[124,117,124,97,10]", 5),
    ])
    func `both dialects tokenize`(body: String, tokens: String, count: Int) async throws {
        let reply = try await Caller().post("/tokenize", body)
        #expect(reply.text == "{\"tokens\":\(tokens),\"count\":\(count),\"max_model_len\":1000}")
    }

    @Test func `pieces that are no text are bytes`() async throws {
        let reply = try await Caller().post(
            "/tokenize", #"{"content":"aé","with_pieces":true}"#)
        #expect(
            reply.text.hasPrefix(
                #"{"tokens":[{"id":97,"piece":"a"},{"id":195,"piece":[195]},{"id":169,"piece":[169]}]"#
            ))
    }

    @Test func `TGI's list says where each token stands in the text`() async throws {
        let reply = try await Caller().post("/tokenize", #"{"inputs":"aé"}"#)
        #expect(
            reply.text == """
                [{"id":256,"text":"<s>","start":0,"stop":0},\
                {"id":97,"text":"a","start":0,"stop":1},{"id":195,"text":"","start":1,"stop":1},\
                {"id":169,"text":"é","start":1,"stop":2}]
                """)
    }

    @Test func `fields of the tokenizer's routes are honoured or named`() async throws {
        let caller = Caller()
        let reply = try await caller.post(
            "/tokenize", #"{"prompt":"a","return_token_strs":true,"colour":1}"#)
        #expect(reply.text.contains(#""token_strs":["<s>","a"]"#))
        #expect(try reply.at("warnings.0")?.text?.contains("colour") == true)
        let both = try await caller.post("/tokenize", #"{"prompt":"a","content":"b"}"#)
        #expect(both.status == 400)
        #expect(try both.at("error.param") == .string("prompt"))
    }

    @Test func `the tokenizer tells its special tokens and its template`() async throws {
        let caller = Caller()
        let reply = try await caller.call(.get, "/tokenizer_info?model=tiny-a0")
        #expect(try reply.at("eos_token") == .string("</s>"))
        #expect(try reply.at("pad_token") == .null)
        #expect(try reply.at("chat_template") == .string("{{ messages }}"))
        #expect(try await caller.call(.get, "/tokenizer_info?model=none").status == 404)
    }

    @Test func `ids become text under both names`() async throws {
        let caller = Caller()
        let reply = try await caller.post("/detokenize", #"{"tokens":[97,195,169]}"#)
        #expect(reply.text == #"{"prompt":"aé","content":"aé"}"#)
        let bad = try await caller.post("/detokenize", #"{"tokens":[97,999]}"#)
        #expect(bad.status == 400)
        #expect(try bad.at("error.param") == .string("tokens"))
        #expect(try await caller.post("/detokenize", "{}").status == 400)
    }

    @Test func `a conversation becomes the text the model reads`() async throws {
        let reply = try await Caller().post(
            "/apply-template", #"{"messages":[{"role":"user","content":"hi"}]}"#)
        #expect(reply.text == #"{"prompt":"|user|hi\n"}"#)
    }

    @Test func `an unknown model is a 404 on every route that takes one`() async throws {
        let caller = Caller()
        for (path, body) in [
            ("/tokenize", #"{"prompt":"a","model":"x"}"#),
            ("/detokenize", #"{"tokens":[1],"model":"x"}"#),
            ("/apply-template", #"{"messages":[{"role":"u","content":"a"}],"model":"x"}"#),
            ("/generate", #"{"prompt":"a","model":"x"}"#),
            ("/v1/completions", #"{"prompt":"a","model":"x"}"#),
        ] {
            let reply = try await caller.post(path, body)
            #expect(reply.status == 404, "\(path)")
            #expect(try reply.at("error.code") == .string("model_not_found"))
        }
    }

    @Test func `the root says where to go`() async throws {
        let reply = try await Caller().call(.get, "/")
        #expect(reply.text.contains("\"POST /generate\""))
        #expect(reply.text.contains("\"GET /ready\""))
    }
}
