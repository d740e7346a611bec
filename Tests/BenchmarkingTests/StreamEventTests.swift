import Testing

@testable import Benchmarking

@Suite struct StreamEventTests {
    @Test func `events are the same however their bytes are cut`() throws {
        let text =
            "data: a\n\n: remark\n\nevent: x\r\ndata:b\r\ndata: c\r\n\r\nid: 1\n\ndata: d\n\n"
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var (parser, seen) = (EventStreamParser(), [String]())
            for piece in [bytes[..<cut], bytes[cut...]] {
                try parser.receive(Array(piece)) { data throws(LoadFailure) in
                    seen.append(String(decoding: data, as: UTF8.self))
                }
            }
            #expect(seen == ["a", "b\nc", "d"])
        }
    }

    @Test func `an event without end is refused`() {
        var parser = EventStreamParser()
        #expect(throws: LoadFailure.malformed("an event of more than 4 MiB")) {
            try parser.receive([UInt8](repeating: 0x61, count: 5 << 20)) {
                _ throws(LoadFailure) in
            }
        }
    }

    @Test(arguments: [
        #"{"choices":[{"text":"a"}]}"#, #"{"choices":[{"delta":{"content":"a"}}]}"#,
        #"{"choices":[{"delta":{"content":null,"reasoning_content":"a"}}]}"#,
        #"{"choices":[{"delta":{"reasoning":"a"}}],"usage":null}"#,
        #"{"type":"reasoning","index":0,"text":"a"}"#, #"{"type":"answer","text":"a"}"#,
    ])
    func `text is text in every dialect`(json: String) throws {
        #expect(try StreamEvent(Array(json.utf8)).hasText)
    }

    @Test(arguments: [
        "[DONE]", #"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#,
        #"{"choices":[{"text":"","finish_reason":"stop"}]}"#, #"{"type":"start","text":"x"}"#,
        #"{"choices":[],"error":null}"#,
    ])
    func `what brings no text counts as none`(json: String) throws {
        #expect(try StreamEvent(Array(json.utf8)) == StreamEvent(Array("[DONE]".utf8)))
    }

    @Test func `usage is read, errors are thrown with their message`() throws {
        let usage = #"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":7}}"#
        let event = try StreamEvent(Array(usage.utf8))
        #expect(event.promptTokens == 3 && event.completionTokens == 7 && !event.hasText)
        for error in [#"{"error":{"message":"no"}}"#, #"{"error":"no"}"#] {
            #expect(throws: LoadFailure.reported("no")) {
                _ = try StreamEvent(Array(error.utf8))
            }
        }
        #expect(throws: LoadFailure.malformed("an event that is no JSON: 'what'")) {
            _ = try StreamEvent(Array("what".utf8))
        }
    }
}
