import TestSupport
import Testing
import Tokenization

@Suite struct TemplateValueJSONTests {
    private func value(_ text: String) throws(TemplateError) -> TemplateValue {
        try TemplateValue(json: Array(text.utf8))
    }

    @Test func orderOfKeysAndKindsOfNumbersAreKept() throws {
        let value = try value(#" {"b": 1, "a": [1.0, -0, 1e2, true, null, "x"], "b": 2} "#)
        #expect(
            value
                == .object([
                    .init(key: "b", value: .integer(2)),
                    .init(
                        key: "a",
                        value: .array([
                            .number(1), .integer(0), .number(100), .boolean(true), .null,
                            .string("x"),
                        ])),
                ]))
        #expect(value.json == #"{"b":2,"a":[1.0,0,100.0,true,null,"x"]}"#)
    }

    @Test func escapesAreDecoded() throws {
        #expect(
            try value(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#)
                == .string("\"\\/\u{8}\u{C}\n\r\té😀"))
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}",
        "{a:1}",
        "tru", "nul", "01", "-", "1.", ".5", "1e", "+1", "NaN", "Infinity", "'a'", "\"a", "\"\\x\"",
        "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\n\"", "1 2", "[1 2]",
        "{\"a\" 1}", "{1:2}", "//", "]",
    ])
    func textThatIsNotJSONIsRefused(_ text: String) {
        #expect(throws: TemplateError.self) { try TemplateValue(json: Array(text.utf8)) }
    }

    @Test func bytesThatAreNotTextAreRefused() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0xFF], [0xEF, 0xBB, 0xBF, 0x31],
        ] {
            #expect(throws: TemplateError.self) { try TemplateValue(json: bytes) }
        }
    }

    @Test func nestingIsLimited() throws {
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        _ = try value(nested(64))
        #expect(throws: TemplateError.self) { try value(nested(65)) }
        #expect(throws: TemplateError.self) { try value(nested(100_000)) }
    }

    @Test func whatIsWrittenReadsBackTheSame() throws {
        var generator = SeededGenerator(seed: 5)
        func random(_ depth: Int) -> TemplateValue {
            switch Int.random(in: 0..<(depth == 0 ? 5 : 7), using: &generator) {
            case 0: return .null
            case 1: return .boolean(.random(using: &generator))
            case 2: return .integer(.random(in: .min ... .max, using: &generator))
            case 3:
                let number = Double(bitPattern: .random(in: .min ... .max, using: &generator))
                return .number(number.isFinite ? number : 0.5)
            case 4:
                var text = ""
                for _ in 0..<Int.random(in: 0..<6, using: &generator) {
                    let code = UInt32.random(in: 0..<0x11_0000, using: &generator)
                    text.unicodeScalars.append(Unicode.Scalar(code) ?? "\u{1}")
                }
                return .string(text)
            case 5: return .array((0..<3).map { _ in random(depth - 1) })
            default:
                return .object(
                    (0..<3).map { .init(key: "k\($0)\"\n", value: random(depth - 1)) })
            }
        }
        for _ in 0..<200 {
            let value = random(4)
            #expect(try TemplateValue(json: Array(value.json.utf8)) == value)
        }
    }

    @Test func truncationsAndFlippedBitsNeverTrap() {
        let text = Array(#"{"a": [1, -2.5e3, "x\u00e9\ud83d\ude00", {"b": null}], "c": true}"#.utf8)
        for end in text.indices {
            #expect(throws: TemplateError.self) { try TemplateValue(json: Array(text[..<end])) }
        }
        for index in text.indices {
            for bit in 0..<8 {
                var flipped = text
                flipped[index] ^= 1 << UInt8(bit)
                _ = try? TemplateValue(json: flipped)
            }
        }
    }
}
