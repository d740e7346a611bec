import Grammars
import Inference
import TestSupport
import Testing
import Tokenization

@testable import Serving

/// Laws of structured output, from a schema to the tokens that spell a document.
@Suite struct SchemaTests {
    /// All bytes, and pieces as byte-level BPE has them: across quotes, inside code points.
    private static let words: [[UInt8]] =
        (UInt8.min...UInt8.max).map { [$0] }
        + [
            "{\"", "\":", "\": ", ", \"", "\"}", "},", "]}", "[[", "true", "false", "null", " the",
            "\n  ", "\n\n", "123", "-1", "0.5", "e+", "\\u00", "\\ud83d\\ude00", "é", "あ", "😀",
        ].map { Array($0.utf8) } + [[0xF0, 0x9F], [0x98, 0x80], [0xC3], [0xA9, 0x22], []]
    private static let vocabulary = VocabularyTrie(vocabularySize: words.count) { words[Int($0)] }

    private static func value(_ json: String) throws -> TemplateValue {
        try TemplateValue(json: Array(json.utf8))
    }

    private static func grammar(_ schema: TemplateValue) throws -> TokenGrammar {
        TokenGrammar(
            try SchemaReader.grammar(of: schema, path: "schema"), vocabulary: vocabulary)
    }

    /// Draws tokens at random to the end, or until `room` is spent.
    private static func draw(
        _ grammar: TokenGrammar, room: Int, using generator: inout SeededGenerator
    ) throws -> (text: [UInt8], isWhole: Bool) {
        var (state, text) = (grammar.start, [UInt8]())
        for spent in 0..<room {
            if grammar.isComplete(state) { return (text, true) }
            if grammar.accepts(state), Bool.random(using: &generator) { return (text, true) }
            let tokens = grammar.tokens(after: state, room: room - spent)
            let allowed = (0..<Int32(words.count)).filter(tokens.contains)
            // The mask never empties.
            let id = try #require(allowed.randomElement(using: &generator))
            text += words[Int(id)]
            state = try #require(grammar.state(after: state, id))
        }
        return (text, grammar.accepts(state))
    }

    @Test(arguments: 0..<150)
    func `whatever is drawn parses and validates, in time if there is time`(
        seed: Int
    ) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let schema = RandomSchema.make(using: &generator)
        let grammar = try Self.grammar(schema)
        for _ in 0..<4 {
            let room = max(1, grammar.leastTokens + Int.random(in: -2...60, using: &generator))
            let (text, isWhole) = try Self.draw(grammar, room: room, using: &generator)
            #expect(isWhole || room < grammar.leastTokens)
            guard isWhole else { continue }
            let string = try #require(String(validating: text, as: UTF8.self))
            let document = try Self.value(string)
            #expect(
                RandomSchema.accepts(document, schema, root: schema),
                "\(string)\n\(schema)")
        }
    }

    @Test(arguments: 0..<40)
    func `any object is an object`(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let grammar = TokenGrammar(
            try SchemaReader.anyObject(path: "f"), vocabulary: Self.vocabulary)
        let (text, isWhole) = try Self.draw(grammar, room: 400, using: &generator)
        #expect(isWhole)
        guard case .object = try Self.value(String(decoding: text, as: UTF8.self)) else {
            Issue.record("\(String(decoding: text, as: UTF8.self))")
            return
        }
    }

    @Test(arguments: [
        (0, 0), (0, 9), (7, 7), (-3, 12), (-120, -7), (99, 1001), (-1, 0), (10, 99), (5, 100_000),
        (-999_999_999_999_999, 999_999_999_999_999), (123, 45678),
    ])
    func `bounds of integers are exact`(low: Int, high: Int) throws {
        let grammar = try Self.grammar(
            try Self.value("{\"type\":\"integer\",\"minimum\":\(low),\"maximum\":\(high)}"))
        func isAllowed(_ number: Int) -> Bool {
            var state: TokenGrammar.State? = grammar.start
            for byte in "\(number)".utf8 {
                state = state.flatMap { grammar.state(after: $0, Int32(byte)) }
            }
            return state.map(grammar.accepts) ?? false
        }
        for number in Set([low, high, 0, 1, -1, 10, 99, 100, (low + high) / 2]) {
            for near in number - 2...number + 2 {
                #expect(isAllowed(near) == (low...high).contains(near), "\(near)")
            }
        }
    }

    private static func isAllowed(_ text: String, _ schema: String) throws -> Bool {
        let grammar = try Self.grammar(try Self.value(schema))
        let state = text.utf8.reduce(Optional(grammar.start)) { state, byte in
            state.flatMap { grammar.state(after: $0, Int32(byte)) }
        }
        return state.map(grammar.accepts) ?? false
    }

    @Test(arguments: [
        (#"{"type":"string","pattern":"^\"\\\\\"$"}"#, [#""\"\\\"""#], [#""""\"""#]),
        (
            #"{"type":"string","pattern":"^[\\x00-\\x1f]$"}"#, [#""\n""#, #""\u001f""#, #""\b""#],
            ["\"\n\""]
        ),
        (#"{"type":"string","pattern":"^[é-日]+😀$"}"#, [#""é日ࠀ😀""#], [#""a😀""#]),
        (#"{"type":"string","pattern":"^a+$","maxLength":2}"#, [#""a""#, #""aa""#], [#""aaa""#]),
        (
            #"{"type":"string","format":"uuid","pattern":"^0"}"#,
            [#""00000000-0000-4000-8000-000000000000""#],
            [#""10000000-0000-4000-8000-000000000000""#]
        ),
        (#"{"type":"number","minimum":0.5,"multipleOf":0.25}"#, ["0.5", "7.75"], ["0.25", "0.6"]),
        (#"{"type":"integer","minimum":-0.5,"maximum":2.5}"#, ["0", "2"], ["-1", "3", "0.5"]),
        (#"{"pattern":"^x$"}"#, [#""x""#], [#""y""#, "1"]),
        (#"{"minimum":3}"#, ["3", "3.5"], ["2"]),
        (#"{"oneOf":[{"type":"string"},{"type":"null"}]}"#, [#""a""#, "null"], ["1"]),
        (#"{"oneOf":[{"const":1},{"enum":["1",2]}]}"#, ["1", "2", #""1""#], ["3"]),
        (
            ##"{"oneOf":[{"$ref":"#/$defs/a"},{"type":"object","properties":{"t":{"const":"b"}},"required":["t"]}],"$defs":{"a":{"type":"object","properties":{"t":{"const":"a"},"x":{"type":"null"}},"required":["t","x"]}}}"##,
            [#"{"t":"a","x":null}"#, #"{"t":"b"}"#], [#"{"t":"a"}"#, #"{"t":"c"}"#]
        ),
        (
            ##"{"type":"object","properties":{"a":{"type":"null"}},"required":["a","c"],"allOf":[{"$ref":"#/$defs/b"},{"properties":{"c":{"const":1}}}],"$defs":{"b":{"type":"object","properties":{"b":{"type":"boolean"}}}}}"##,
            [#"{"a":null,"b":true,"c":1}"#, #"{"a":null,"c":1}"#],
            [#"{"a":null}"#, #"{"b":true,"c":1}"#]
        ),
        (#"{"allOf":[{"type":"string","maxLength":1}]}"#, [#""a""#], [#""ab""#]),
    ])
    func `a document is allowed if the schema accepts it`(
        schema: String, good: [String], bad: [String]
    ) throws {
        for text in good { #expect(try Self.isAllowed(text, schema), "\(text)") }
        for text in bad { #expect(try !Self.isAllowed(text, schema), "\(text)") }
    }

    @Test(arguments: StringFormat.allCases)
    func `what is drawn under a format can be read as it`(format: StringFormat) throws {
        var generator = SeededGenerator(seed: 5)
        let grammar = try Self.grammar(
            try Self.value("{\"type\":\"string\",\"format\":\"\(format.rawValue)\"}"))
        for _ in 0..<10 {
            let (text, isWhole) = try Self.draw(grammar, room: 400, using: &generator)
            #expect(isWhole)
            guard case .string = try Self.value(String(decoding: text, as: UTF8.self)) else {
                Issue.record("\(String(decoding: text, as: UTF8.self))")
                return
            }
        }
    }

    @Test func `a schema of many costly patterns is refused at once`() throws {
        let properties = (0..<400).map { number in
            "\"p\(number)\":{\"type\":\"string\",\"pattern\":\"(a|b)*a.{9}\(number)\"}"
        }.joined(separator: ",")
        let start = ContinuousClock.now
        #expect(throws: ServingError.self) {
            _ = try SchemaReader.grammar(
                of: try Self.value("{\"type\":\"object\",\"properties\":{\(properties)}}"),
                path: "schema")
        }
        #expect(start.duration(to: .now) < .seconds(20))
    }

    @Test func `a whole document is nothing more, an open one no less`() throws {
        let grammar = try Self.grammar(
            try Self.value(
                #"{"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"],"additionalProperties":false}"#
            ))
        var state = grammar.start
        for byte in #"{"a": true}"#.utf8 {
            #expect(!grammar.accepts(state))
            state = try #require(grammar.state(after: state, Int32(byte)))
        }
        #expect(grammar.isComplete(state))
        #expect(grammar.tokens(after: state, room: 9).isEmpty)
        #expect(grammar.leastTokens == #"{"a":true}"#.utf8.count)
        #expect(grammar.state(after: grammar.start, Int32(UInt8(ascii: "x"))) == nil)
    }

    @Test func `a set of tokens costs little once it is known, and not much before`() throws {
        // A vocabulary of a real one's size, of random words.
        var generator = SeededGenerator(seed: 3)
        let letters = Array("abcdefghijklmnopqrstuvwxyz {}[]\":,0123456789".utf8)
        let many =
            Self.words
            + (0..<20_000).map { _ in
                (0..<Int.random(in: 2...9, using: &generator)).map { _ in
                    letters.randomElement(using: &generator) ?? 0
                }
            }
        let vocabulary = VocabularyTrie(vocabularySize: many.count) { many[Int($0)] }
        let grammar = TokenGrammar(
            try SchemaReader.anyObject(path: "f"), vocabulary: vocabulary)
        var state = grammar.start
        for byte in #"{"a":""#.utf8 {
            state = try #require(grammar.state(after: state, Int32(byte)))
        }
        let first = grammar.tokens(after: state, room: 1000)
        let start = ContinuousClock.now
        for _ in 0..<100 { #expect(grammar.tokens(after: state, room: 1000) == first) }
        #expect(start.duration(to: .now) < .seconds(2))
    }

    @Test(arguments: [
        (#"{"type":"strin"}"#, "schema.type"),
        (#"{"type":"string","pattern":"a(?=b)"}"#, "schema.pattern"),
        (#"{"type":"string","pattern":"(a"}"#, "schema.pattern"),
        (#"{"type":"string","pattern":"^a{3}$","maxLength":2}"#, "schema.pattern"),
        (#"{"type":"string","pattern":"(a|b)*a.{30}$"}"#, "schema.pattern"),
        (#"{"type":"string","pattern":5}"#, "schema.pattern"),
        (#"{"type":"string","format":"iri"}"#, "schema.format"),
        (#"{"type":"string","format":"date","minLength":11}"#, "schema.format"),
        (#"{"type":"string","format":"date","pattern":"x"}"#, "schema.pattern"),
        (#"{"type":"number","minimum":"0"}"#, "schema.minimum"),
        (#"{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":0}"#, "schema"),
        (#"{"type":"integer","multipleOf":0}"#, "schema.multipleOf"),
        (#"{"type":"number","multipleOf":1000000007}"#, "schema.multipleOf"),
        (#"{"type":"integer","minimum":0.2,"maximum":0.8}"#, "schema"),
        (#"{"type":"integer","minimum":1e20}"#, "schema"),
        (#"{"type":"integer","minimum":3,"maximum":2}"#, "schema"),
        (#"{"type":"array","uniqueItems":true}"#, "schema.uniqueItems"),
        (#"{"type":"array","items":{"type":"string","pattern":"*"}}"#, "schema.items.pattern"),
        (#"{"type":"array","minItems":3,"maxItems":2}"#, "schema.minItems"),
        (#"{"type":"string","maxLength":100000}"#, "schema.maxLength"),
        (#"{"oneOf":[{"type":"string"},{"minLength":1}]}"#, "schema.oneOf"),
        (#"{"oneOf":[{"type":"integer"},{"type":"number"}]}"#, "schema.oneOf"),
        (#"{"oneOf":[{"const":1},{"const":1.0}]}"#, "schema.oneOf"),
        (#"{"oneOf":[]}"#, "schema.oneOf"),
        (
            #"{"oneOf":[{"type":"object","properties":{"t":{"const":"a"}}},{"type":"object","properties":{"t":{"const":"b"}}}]}"#,
            "schema.oneOf"
        ),
        (#"{"allOf":[{"type":"string"},{"minLength":1}]}"#, "schema.allOf.0.type"),
        (#"{"allOf":[]}"#, "schema.allOf"),
        (
            #"{"allOf":[{"properties":{"a":{}}},{"properties":{"a":{}}}]}"#,
            "schema.allOf.1.properties.a"
        ),
        (
            #"{"allOf":[{"properties":{"a":{}}},{"additionalProperties":false}]}"#,
            "schema.allOf.1.additionalProperties"
        ),
        (#"{"not":{}}"#, "schema.not"),
        (#"{"anyOf":[{"type":"null"},{"if":{}}]}"#, "schema.anyOf.1.if"),
        (##"{"$ref":"#/$defs/none"}"##, "schema.$ref"),
        (#"{"$ref":"https://example.org/s"}"#, "schema.$ref"),
        (
            #"{"type":"object","properties":{"a":{"type":"object","patternProperties":{}}}}"#,
            "schema.properties.a.patternProperties"
        ),
        (#"{"type":"object","required":["b"],"additionalProperties":false}"#, "schema.required"),
        (#"{"enum":[]}"#, "schema.enum"), (#"{"enum":["a"],"type":"integer"}"#, "schema.enum"),
        (##"{"$ref":"#"}"##, "schema"),
        (##"{"type":"object","properties":{"n":{"$ref":"#"}},"required":["n"]}"##, "schema"),
        ("[]", "schema"), ("false", "schema"),
    ])
    func `what cannot be honoured is refused by path and keyword`(
        schema: String, path: String
    ) throws {
        let error = #expect(throws: ServingError.self) {
            _ = try SchemaReader.grammar(of: try Self.value(schema), path: "schema")
        }
        #expect(ErrorBody(try #require(error)).param == path, "\(String(describing: error))")
    }

    @Test(arguments: [
        (
            "/v1/chat/completions",
            #""messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_object"}"#
        ),
        (
            "/v1/chat/completions",
            #""messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object"}}}"#
        ),
        ("/v1/completions", #""prompt":"a","guided_json":"{\"type\":\"null\"}""#),
        ("/v1/completions", #""prompt":"a","structured_outputs":{"json":{"type":"null"}}"#),
        ("/generate", #""prompt":"a","json_schema":{"type":"null"}"#),
        (
            "/generate",
            #""inputs":"a","parameters":{"grammar":{"type":"json","value":{"type":"null"}}}"#
        ),
        (
            "/v1/responses",
            #""input":"a","text":{"format":{"type":"json_schema","name":"n","schema":{"type":"null"}}}"#
        ),
        ("/api/chat", #""messages":[{"role":"user","content":"a"}],"format":"json""#),
        ("/api/generate", #""prompt":"a","format":{"type":"null"}"#),
    ])
    func `every dialect's name for a form reaches the service`(
        route: String, body: String
    ) async throws {
        let caller = Caller()
        let reply = try await caller.post(route, "{\(body)}")
        #expect(reply.status == 200, "\(reply.text)")
        #expect(caller.service.record.requests.first?.grammar != nil)
        #expect(!reply.text.contains("ignored"), "\(reply.text)")
    }

    @Test(arguments: [
        ("/generate", #""prompt":"a","response_format":{"type":"regex"}"#, "response_format.type"),
        (
            "/generate", #""prompt":"a","response_format":{"type":"json_schema"}"#,
            "response_format.schema"
        ),
        ("/generate", #""prompt":"a","json_schema":{},"guided_json":{}"#, "guided_json"),
        (
            "/generate", #""prompt":"a","structured_outputs":{"regex":"a"}"#,
            "structured_outputs.regex"
        ),
        ("/v1/responses", #""input":"a","text":{"format":{"type":"grammar"}}"#, "text.format.type"),
    ])
    func `a form that cannot be kept to is refused`(
        route: String, body: String, path: String
    ) async throws {
        let reply = try await Caller().post(route, "{\(body)}")
        #expect(reply.status == 400)
        #expect(try reply.at("error.param") == .string(path), "\(reply.text)")
    }
}
