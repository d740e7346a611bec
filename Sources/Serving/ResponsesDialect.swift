import Inference
import Tokenization

/// `POST /v1/responses` as OpenAI answers it: a reasoning item, if there was a thought, and a
/// message.
///
/// The stream is the events that OpenAI's client assembles a response from, each with its number:
///
///     response.created, response.in_progress
///     response.output_item.added, response.content_part.added      the item begins
///     response.reasoning_text.delta | response.output_text.delta   its text
///     response.….done, response.content_part.done, response.output_item.done
///     response.completed | response.incomplete                     the whole response
struct ResponsesDialect: CompletionDialect {
    static let idPrefix = "resp_"
    static let framing = StreamFraming.namedEvents

    private let terms: ResponsesTerms
    /// Events so far.
    private var eventCount = 0
    private var hasBegun = false
    /// The items of a stream, the last one open until the next begins or all ends.
    private var items: [ResponseItem] = []

    init(terms: ResponsesTerms) {
        self.terms = terms
    }

    func whole(_ progress: CompletionProgress) -> [UInt8] {
        let choice = progress.choices.first ?? CompletionProgress.Choice()
        var items: [ResponseItem] = []
        if !choice.reasoning.isEmpty {
            items.append(ResponseItem(isThought: true, text: choice.reasoning))
        }
        // A response without a message is none to its readers: it is there, be it empty.
        items.append(
            ResponseItem(
                isThought: false, text: choice.content,
                tokens: choice.tokens.filter { !$0.isReasoning }))
        return JSONWriter.object { write(items, progress, isWhole: true, into: &$0) }
    }

    mutating func documents(
        for event: CompletionEvent, prompt: Int, progress: CompletionProgress
    ) -> [[UInt8]] {
        guard case .delta(let delta) = event, !delta.isEmpty else { return [] }
        var documents = beginning(progress)
        if !delta.reasoning.isEmpty {
            documents += add(delta.reasoning, [], isThought: true, progress)
        }
        let tokens = delta.tokens(ofReasoning: false)
        if !delta.content.isEmpty || !tokens.isEmpty {
            documents += add(delta.content, tokens, isThought: false, progress)
        }
        return documents
    }

    mutating func closing(_ progress: CompletionProgress) -> [[UInt8]] {
        var documents = beginning(progress)
        if items.last?.isThought ?? true {
            documents += open(isThought: false, progress)
        }
        documents += close(progress)
        let isCut = progress.choices.first?.finished?.reason.name == "length"
        documents.append(
            Self.event(isCut ? "response.incomplete" : "response.completed", number()) { json in
                json.object("response") { write(items, progress, isWhole: true, into: &$0) }
            })
        return documents
    }

    mutating func failure(_ error: ErrorBody) -> [UInt8] {
        Self.event("error", number()) {
            $0.field("code", error.code)
            $0.field("message", error.message)
            $0.field("param", error.param)
        }
    }

    private mutating func beginning(_ progress: CompletionProgress) -> [[UInt8]] {
        guard !hasBegun else { return [] }
        hasBegun = true
        return ["response.created", "response.in_progress"].map { name in
            Self.event(name, number()) { json in
                json.object("response") { write([], progress, isWhole: false, into: &$0) }
            }
        }
    }

    private mutating func add(
        _ text: String, _ tokens: [TokenReport], isThought: Bool, _ progress: CompletionProgress
    ) -> [[UInt8]] {
        var documents: [[UInt8]] = []
        if items.last?.isThought != isThought { documents = open(isThought: isThought, progress) }
        let index = items.count - 1
        items[index].text += text
        items[index].tokens += tokens
        let kind = items[index].kind
        documents.append(
            Self.event("response.\(kind).delta", number()) { json in
                writePlace(progress, into: &json)
                json.field("delta", text)
                guard !isThought else { return }
                json.array("logprobs") { for token in tokens { $0.element(token) } }
            })
        return documents
    }

    /// Ends the open item and begins the next.
    private mutating func open(isThought: Bool, _ progress: CompletionProgress) -> [[UInt8]] {
        var documents = close(progress)
        items.append(ResponseItem(isThought: isThought, text: ""))
        let item = items[items.count - 1]
        documents.append(
            Self.event("response.output_item.added", number()) { json in
                json.field("output_index", items.count - 1)
                json.object("item") {
                    item.write(
                        index: items.count - 1, of: progress.id, status: "in_progress", into: &$0)
                }
            })
        documents.append(
            Self.event("response.content_part.added", number()) { json in
                writePlace(progress, into: &json)
                json.object("part") { item.writePart(into: &$0) }
            })
        return documents
    }

    private mutating func close(_ progress: CompletionProgress) -> [[UInt8]] {
        guard let item = items.last else { return [] }
        return [
            Self.event("response.\(item.kind).done", number()) { json in
                writePlace(progress, into: &json)
                json.field("text", item.text)
                guard !item.isThought else { return }
                json.array("logprobs") { for token in item.tokens { $0.element(token) } }
            },
            Self.event("response.content_part.done", number()) { json in
                writePlace(progress, into: &json)
                json.object("part") { item.writePart(into: &$0) }
            },
            Self.event("response.output_item.done", number()) { json in
                json.field("output_index", items.count - 1)
                json.object("item") {
                    item.write(
                        index: items.count - 1, of: progress.id, status: "completed", into: &$0)
                }
            },
        ]
    }

    /// Where in the response the last item's text is.
    private func writePlace(_ progress: CompletionProgress, into json: inout JSONWriter) {
        json.field("item_id", items.last?.id(index: items.count - 1, of: progress.id))
        json.field("output_index", items.count - 1)
        json.field("content_index", 0)
    }

    /// The number of the next event.
    private mutating func number() -> Int {
        defer { eventCount += 1 }
        return eventCount
    }

    private static func event(
        _ type: String, _ number: Int, _ members: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        JSONWriter.object { json in
            json.field("type", type)
            json.field("sequence_number", number)
            members(&json)
        }
    }

    private func write(
        _ items: [ResponseItem], _ progress: CompletionProgress, isWhole: Bool,
        into json: inout JSONWriter
    ) {
        let isCut = progress.choices.first?.finished?.reason.name == "length"
        json.field("id", progress.id)
        json.field("object", "response")
        json.field("created_at", progress.created)
        json.field("status", !isWhole ? "in_progress" : isCut ? "incomplete" : "completed")
        json.field("background", false)
        json.null("error")
        if isWhole && isCut {
            json.object("incomplete_details") { $0.field("reason", "max_output_tokens") }
        } else {
            json.null("incomplete_details")
        }
        json.field("instructions", terms.instructions)
        json.field("max_output_tokens", terms.maximumTokens)
        json.field("model", progress.model)
        json.array("output") { json in
            for (index, item) in items.enumerated() {
                let status = isCut && index == items.count - 1 ? "incomplete" : "completed"
                json.object {
                    item.write(index: index, of: progress.id, status: status, into: &$0)
                }
            }
        }
        json.field("parallel_tool_calls", false)
        json.null("previous_response_id")
        json.object("reasoning") {
            $0.field("effort", terms.effort)
            $0.null("summary")
        }
        json.field("store", false)
        json.field("temperature", terms.temperature)
        json.object("text") { $0.field("format", terms.format) }
        json.field("tool_choice", "auto")
        json.array("tools") { _ in }
        json.field("top_logprobs", terms.topLogprobs)
        json.field("top_p", terms.topP)
        json.field("truncation", "disabled")
        guard isWhole else {
            json.null("usage")
            return writeOwn(into: &json)
        }
        json.object("usage") {
            $0.field("input_tokens", progress.promptTokens)
            $0.object("input_tokens_details") {
                $0.field("cached_tokens", progress.cachedTokens)
            }
            $0.field("output_tokens", progress.completionTokens)
            $0.object("output_tokens_details") {
                $0.field("reasoning_tokens", progress.reasoningTokens)
            }
            $0.field("total_tokens", progress.promptTokens + progress.completionTokens)
        }
        writeOwn(into: &json)
        progress.writeBudget(into: &json)
        progress.writeWarnings(into: &json)
    }

    private func writeOwn(into json: inout JSONWriter) {
        json.field("user", terms.user)
        json.field("metadata", terms.metadata)
    }
}

/// A thought or a message of a response.
private struct ResponseItem {
    let isThought: Bool
    var text: String
    var tokens: [TokenReport] = []

    /// The kind of its text.
    var kind: String { isThought ? "reasoning_text" : "output_text" }

    /// Its name in the response called `id`.
    func id(index: Int, of id: String) -> String {
        "\(isThought ? "rs" : "msg")_\(id.dropFirst(ResponsesDialect.idPrefix.count))\(index)"
    }

    func write(index: Int, of response: String, status: String, into json: inout JSONWriter) {
        json.field("id", id(index: index, of: response))
        json.field("type", isThought ? "reasoning" : "message")
        json.field("status", status)
        if isThought {
            json.array("summary") { _ in }
        } else {
            json.field("role", "assistant")
        }
        // An item that has just begun has no part yet.
        json.array("content") { json in
            guard status != "in_progress" else { return }
            json.object { writePart(into: &$0) }
        }
    }

    func writePart(into json: inout JSONWriter) {
        json.field("type", kind)
        json.field("text", text)
        guard !isThought else { return }
        json.array("annotations") { _ in }
        json.array("logprobs") { for token in tokens { $0.element(token) } }
    }
}
