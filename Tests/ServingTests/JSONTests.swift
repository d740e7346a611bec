import TestSupport
import Testing
import Tokenization

@testable import Serving

@Suite struct JSONTests {
    @Test(arguments: [
        ("{}", TemplateValue.object([])),
        (
            " [1 , -0, 2.5e3,1E-2 ]\n",
            .array([.integer(1), .integer(0), .number(2500), .number(0.01)])
        ),
        (#""a\u00e9\ud83d\ude00\n\/\"""#, .string("aé😀\n/\"")),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)),
        (
            #"{"b":true,"a":null}"#,
            .object([.init(key: "b", value: .boolean(true)), .init(key: "a", value: .null)])
        ),
    ])
    func `what RFC 8259 allows is read, keys in their order`(
        text: String, value: TemplateValue
    ) throws {
        #expect(try JSONReader.read(Array(text.utf8)) == value)
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "{'a':1}", "{\"a\":1,}",
        "01", "+1", "1.", ".5", "1e", "1e+", "-", "--1", "0x1", "NaN", "Infinity", "-Infinity",
        "1e999", "-1e999", "tru", "nul", "true false", "\"", "\"\\", "\"\\x\"", "\"\\u12\"",
        "\"\\u+123\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"a\nb\"", "\"\u{0}\"",
        "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "\u{FEFF}{}", "[1]]", "1 // c",
    ])
    func `everything else is refused`(text: String) {
        #expect(throws: ServingError.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func `a repeated key and an endless number are named by their path`() throws {
        let twice = Array(#"{"messages":[{},{"role":"a","role":"b"}]}"#.utf8)
        #expect(
            throws: ServingError.invalidJSON(
                "the key 'role' appears twice, at byte 34", path: "messages.1.role")
        ) { try JSONReader.read(twice) }
        let endless = Array(#"{"a":{"b":[0,1e400]}}"#.utf8)
        #expect(
            throws: ServingError.invalidJSON(
                "the number is too large, at byte 18", path: "a.b.1")
        ) { try JSONReader.read(endless) }
    }

    @Test(arguments: [
        [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], [0x00, 0x7B, 0x00, 0x7D], [0x22, 0xC3, 0x22],
        [0x22, 0xED, 0xA0, 0x80, 0x22],
    ])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: ServingError.self) { try JSONReader.read(bytes) }
    }

    @Test func `depth is bounded, and depth within the bound is read`() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array(
                (String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth))
                    .utf8)
        }
        _ = try JSONReader.read(nested(JSONLimits().depth))
        #expect(throws: ServingError.self) { try JSONReader.read(nested(JSONLimits().depth + 1)) }
        #expect(throws: ServingError.self) { try JSONReader.read(nested(1_000_000)) }
        let objects = String(repeating: "{\"a\":", count: 100_000)
        #expect(throws: ServingError.self) { try JSONReader.read(Array(objects.utf8)) }
    }

    @Test func `what the writer writes the reader reads, for any text`() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            let length = Int.random(in: 0...12, using: &generator)
            let scalars = (0..<length).compactMap { _ in
                let bound: UInt32 = Bool.random(using: &generator) ? 0x80 : 0x10FFFF
                return Unicode.Scalar(UInt32.random(in: 0...bound, using: &generator))
            }
            let text = String(String.UnicodeScalarView(scalars))
            let bytes = JSONWriter.object { $0.field(text, text) }
            #expect(!bytes.contains { $0 < 0x20 })
            let value = try JSONReader.read(bytes)
            guard case .object(let members) = value, let member = members.first else {
                Issue.record("not an object with a member")
                continue
            }
            #expect(Array(member.key.utf8) == Array(text.utf8))
            #expect(member.value.text.map { Array($0.utf8) } == Array(text.utf8))
        }
    }

    @Test func `numbers are written as JSON allows, endless ones as null or -9999`() {
        let bytes = JSONWriter.object { json in
            json.field("a", Double.nan)
            json.field("b", 0.1)
            json.field("c", logprob: -Float.infinity)
            json.field("d", logprob: -0.1)
            json.array("e") { json in
                json.value(1)
                json.array { _ in }
                json.object { _ in }
                json.value(nil as Int?)
            }
            json.field("f", false)
        }
        let expected =
            #"{"a":null,"b":0.1,"c":-9999.0,"d":-0.1,"e":[1,[],{},null],"f":false}"#
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }
}
