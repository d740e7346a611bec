import Tokenization

/// Takes a stream of server-sent events apart as its bytes come.
struct EventStreamParser {
    /// Bytes of one event.
    static let eventLimit = 4 << 20

    private var pending: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false

    /// Takes bytes in.
    ///
    /// - Parameters:
    ///   - bytes: The next of the body.
    ///   - take: Gets the data of every event that is whole.
    /// - Throws: `malformed` for an event without end, and what `take` throws.
    mutating func receive(
        _ bytes: [UInt8], take: ([UInt8]) throws(LoadFailure) -> Void
    ) throws(LoadFailure) {
        pending += bytes
        var start = 0
        while let end = pending[start...].firstIndex(of: 0x0A) {
            var line = pending[start..<end]
            start = end + 1
            if line.last == 0x0D { line.removeLast() }
            if line.isEmpty {
                if hasData { try take(data) }
                data.removeAll(keepingCapacity: true)
                hasData = false
            } else if line.starts(with: Self.field) {
                line = line.dropFirst(Self.field.count)
                if line.first == 0x20 { line = line.dropFirst() }
                if hasData { data.append(0x0A) }
                data += line
                hasData = true
            }
        }
        pending.removeFirst(start)
        guard pending.count + data.count <= Self.eventLimit else {
            throw .malformed("an event of more than \(Self.eventLimit >> 20) MiB")
        }
    }

    private static let field = Array("data:".utf8)
}

/// What one event of a stream says, in any of the dialects.
struct StreamEvent: Equatable {
    /// Whether it brings text, thought included.
    var hasText = false
    /// Tokens of the prompt, where it says so.
    var promptTokens: Int?
    /// Tokens of the answer, where it says so.
    var completionTokens: Int?

    /// Reads an event's data.
    ///
    /// - Parameter data: JSON, or `[DONE]`.
    /// - Throws: `reported` where it is an error, `malformed` where it is no JSON.
    init(_ data: [UInt8]) throws(LoadFailure) {
        if data == Self.done { return }
        let value: TemplateValue
        do {
            value = try TemplateValue(json: data)
        } catch {
            throw .malformed("an event that is no JSON: '\(Self.excerpt(data))'")
        }
        if let error = value["error"], error != .null {
            throw .reported(Self.message(error) ?? Self.excerpt(data))
        }
        if case .array(let choices) = value["choices"] {
            hasText = choices.contains { choice in
                Self.hasText(choice, ["text"])
                    || choice["delta"].map {
                        Self.hasText($0, ["content", "reasoning_content", "reasoning"])
                    } ?? false
            }
        } else if value["type"] == .string("reasoning") || value["type"] == .string("answer") {
            hasText = Self.hasText(value, ["text"])
        }
        if let usage = value["usage"], usage != .null {
            promptTokens = Self.count(usage["prompt_tokens"])
            completionTokens = Self.count(usage["completion_tokens"])
        }
    }

    /// What a body that is no stream says of its error, or how it begins.
    static func failure(_ body: [UInt8]) -> String {
        (try? TemplateValue(json: body)).flatMap { $0["error"].flatMap(message) } ?? excerpt(body)
    }

    private static let done = Array("[DONE]".utf8)

    private static func hasText(_ value: TemplateValue, _ names: [String]) -> Bool {
        names.contains { name in
            if case .string(let text) = value[name] { !text.isEmpty } else { false }
        }
    }

    private static func count(_ value: TemplateValue?) -> Int? {
        if case .integer(let count) = value, count >= 0 { count } else { nil }
    }

    private static func message(_ error: TemplateValue) -> String? {
        switch error {
        case .string(let text): text
        case .object:
            if case .string(let text) = error["message"] { text } else { nil }
        default: nil
        }
    }

    private static func excerpt(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(200), as: UTF8.self)
            .split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
