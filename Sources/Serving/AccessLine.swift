import HTTP
import Logging

/// The line that a request leaves in the access log.
///
/// It holds no prompt, no answer, no key and no query, unless the operator asked for the first two.
struct AccessLine {
    /// The request's name.
    var id: String
    /// The name of the trace that it belongs to, the caller's or a new one.
    var traceID: String
    /// Nil where none could be read.
    var method: String?
    /// The path as sent, without the query.
    var path: String?
    /// Nil where the client left before there was one.
    var status: Int?
    /// Address and port, as far as they are known.
    var client: String?
    /// From the request to the end of its answer.
    var milliseconds: Double
    /// Whether the client was there to the end.
    var isWhole = true
    /// What else became known.
    var facts = RequestRecord.Facts()

    /// `finished`, `client left`, or what went wrong.
    var outcome: String {
        if !isWhole { return "client left" }
        if let failure = facts.failure {
            return (status ?? 500) >= 500 || (status ?? 500) < 400
                ? "failed: \(failure)" : "refused: \(failure)"
        }
        return "finished"
    }

    /// One JSON object; members that are not known are `null`.
    func json(time: String) -> [UInt8] {
        let line = JSONWriter.object { json in
            json.field("time", time)
            json.field("id", id)
            json.field("trace_id", traceID)
            json.field("method", method)
            json.field("route", facts.route)
            json.field("path", path)
            json.field("status", status)
            json.field("bytes", facts.byteCount)
            json.field("client", client)
            json.field("account", facts.account)
            json.field("model", facts.model)
            json.field("alpha", facts.alpha)
            json.field("prompt_tokens", facts.promptTokens)
            json.field("reasoning_tokens", facts.reasoningTokens)
            json.field("answer_tokens", facts.answerTokens)
            json.field("queue_ms", facts.queueMilliseconds)
            json.field("first_token_ms", facts.firstTokenMilliseconds)
            json.field("total_ms", milliseconds)
            json.field("finish_reason", facts.finishReason)
            json.field("outcome", outcome)
            guard let words = facts.words else { return }
            for (key, texts) in [
                ("prompts", words.prompts), ("reasoning", words.thoughts),
                ("answers", words.answers),
            ] {
                json.array(key) { for text in texts { $0.value(text) } }
            }
        }
        return Self.escapingLineBreaks(line)
    }

    /// What a logger is told: `POST /generate 200`.
    var message: Logger.Message {
        let end = [status.map(String.init), isWhole ? nil : "left"].compactMap(\.self)
        return "\(method ?? "-") \(path ?? "-") \(end.joined(separator: " "))"
    }

    /// The rest, as a logger is told; without what is not known.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "id": "\(id)", "trace": "\(traceID)", "ms": "\(milliseconds)",
            "bytes": "\(facts.byteCount)",
        ]
        func add(_ key: String, _ value: (some CustomStringConvertible)?) {
            if let value { metadata[key] = "\(value)" }
        }
        add("client", client)
        add("account", facts.account)
        add("model", facts.model)
        add("alpha", facts.alpha)
        add("prompt_tokens", facts.promptTokens)
        add("reasoning_tokens", facts.reasoningTokens)
        add("answer_tokens", facts.answerTokens)
        add("queue_ms", facts.queueMilliseconds)
        add("first_token_ms", facts.firstTokenMilliseconds)
        add("finish_reason", facts.finishReason)
        if facts.failure != nil { metadata["outcome"] = "\(outcome)" }
        if let words = facts.words {
            metadata["prompts"] = "\(words.prompts)"
            metadata["reasoning"] = "\(words.thoughts)"
            metadata["answers"] = "\(words.answers)"
        }
        return metadata
    }

    /// Escapes what RFC 8259 lets stand and some readers take for the end of a line: DEL, the C1
    /// controls (NEL among them), U+2028 and U+2029.
    ///
    /// Outside of strings a document holds none of them.
    private static func escapingLineBreaks(_ json: [UInt8]) -> [UInt8] {
        guard json.contains(where: { $0 == 0x7F || $0 == 0xC2 || $0 == 0xE2 }) else { return json }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(json.count + 16)
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0x7F...0x9F:
                escaped.append(contentsOf: "\\u00\(String(scalar.value, radix: 16))".utf8)
            case 0x2028, 0x2029:
                escaped.append(contentsOf: "\\u\(String(scalar.value, radix: 16))".utf8)
            default:
                escaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return escaped
    }
}
