import Checkpoints
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws(CheckpointError) -> JSONValue {
        try JSONValue(parsing: Array(text.utf8).span, file: "x.json")
    }

    @Test func integersStayExactAndOtherNumbersBecomeDoubles() throws {
        let cases: [(String, JSONValue)] = [
            ("0", .integer(0)), ("-0", .integer(0)),
            ("9007199254740993", .integer(9_007_199_254_740_993)),
            ("9223372036854775807", .integer(Int.max)),
            ("-9223372036854775808", .integer(Int.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)),
            ("1000000000000000019884624838656", .double(1e30)),
            ("10000.0", .double(10000)), ("1e-06", .double(1e-6)), ("1E+2", .double(100)),
            ("-0.5", .double(-0.5)), ("5e-324", .double(.leastNonzeroMagnitude)),
        ]
        for (text, value) in cases { #expect(try parse(text) == value, "\(text)") }
    }

    @Test func stringsDecodeEveryEscapeAndSurrogatePairs() throws {
        let text = #""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00 é😀\u0000""#
        let expected = "\"\\/\u{8}\u{c}\n\r\tA\u{e9}😀 é😀\u{0}"
        #expect(try parse(text) == .string(expected))
    }

    @Test func membersKeepTheirOrderAndAreFoundByExactKey() throws {
        let value = try parse("{\"b\":1,\"a\":[true,false,null,{}],\"\u{e9}\":2,\"e\u{301}\":3}")
        guard case .object(let object) = value else {
            Issue.record("no object")
            return
        }
        #expect(
            object.keys.map { Array($0.utf8) }
                == ["b", "a", "\u{e9}", "e\u{301}"].map { Array($0.utf8) })
        #expect(object["a"] == .array([.bool(true), .bool(false), .null, .object(JSONObject())]))
        #expect(object["\u{e9}"] == .integer(2))
        #expect(object["e\u{301}"] == .integer(3))
        #expect(object["c"] == nil)
    }

    @Test(arguments: [
        "", " ", "{", "[", "]", "}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{a:1}", "{'a':1}", "{1:2}", "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"",
        "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "\"a\nb\"",
        "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x10", "1a", "1 2", "NaN", "Infinity",
        "-Infinity", "1e999", "-1e999", "nul", "nulll", "True", "true false", "[] []", "\u{feff}{}",
        "//\n1", "[1]/**/", "{\"a\":1 \"b\":2}", "\u{a0}1",
    ])
    func whatIsNoJSONIsAnError(text: String) throws {
        #expect(throws: CheckpointError.self) { try parse(text) }
    }

    @Test func bytesThatAreNoUTF8AreAnError() {
        for broken: [UInt8] in [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
        ] {
            let text = [UInt8(ascii: "\"")] + broken + [UInt8(ascii: "\"")]
            #expect(throws: CheckpointError.self) {
                try JSONValue(parsing: text.span, file: "x.json")
            }
        }
        // UTF-16, which Foundation would take for JSON.
        let wide = Array("{\"a\":1}".utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(throws: CheckpointError.self) { try JSONValue(parsing: wide.span, file: "x.json") }
    }

    @Test func aKeyThatStandsTwiceIsAnErrorAtAnyDepth() {
        #expect(
            throws: CheckpointError.duplicate(file: "x.json", field: "JSON object", name: "a")
        ) {
            try parse("[{\"b\":{\"a\":1,\"\\u0061\":2}}]")
        }
    }

    @Test func nestingIsLimitedWithoutUsingTheCallStack() throws {
        let deepest = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        _ = try parse(deepest)
        #expect(throws: CheckpointError.self) { try parse("[" + deepest + "]") }
        #expect(throws: CheckpointError.self) {
            try parse(String(repeating: "[", count: 1_000_000))
        }
        #expect(throws: CheckpointError.self) {
            try parse(String(repeating: "{\"a\":", count: 200_000))
        }
    }

    @Test func theNumberOfValuesIsLimited() throws {
        var limits = CheckpointLimits()
        limits.valueCount = 4
        _ = try JSONValue(parsing: Array("[1,2,3]".utf8).span, file: "x.json", limits: limits)
        #expect(
            throws: CheckpointError.limitExceeded(
                file: "x.json", field: "values", found: 5, limit: 4)
        ) {
            try JSONValue(parsing: Array("[1,2,3,4]".utf8).span, file: "x.json", limits: limits)
        }
    }

    @Test func errorsNameTheByte() {
        #expect(
            throws: CheckpointError.invalidJSON(
                file: "x.json", byteOffset: 7, reason: "expected ',' or '}', found 'x'")
        ) {
            try parse("{\"a\":1 x}")
        }
    }
}
