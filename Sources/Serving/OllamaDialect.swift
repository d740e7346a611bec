import Inference

/// `POST /api/chat` and `/api/generate` as Ollama answers them: a document a line, the last one
/// with the account; times are nanoseconds.
///
/// `model` is the one that answers. An answer that is not streamed is one document, the account
/// included.
struct OllamaDialect: CompletionDialect {
    static let idPrefix = "ollama-"
    static let framing = StreamFraming.lines

    /// Whether it is `/api/chat`: its texts are a message's.
    let isChat: Bool
    private let wantsLogprobs: Bool

    init(job: CompletionJob, isChat: Bool) {
        self.isChat = isChat
        wantsLogprobs = job.requests.first?.topLogprobs != nil
    }

    func whole(_ progress: CompletionProgress) -> [UInt8] {
        let choice = progress.choices.first ?? CompletionProgress.Choice()
        return JSONWriter.object { json in
            writeHead(progress, into: &json)
            writeTexts(choice.content, choice.reasoning, into: &json)
            writeLogprobs(choice.tokens, into: &json)
            writeEnd(progress, into: &json)
        }
    }

    mutating func documents(
        for event: CompletionEvent, prompt: Int, progress: CompletionProgress
    ) -> [[UInt8]] {
        guard case .delta(let delta) = event, !delta.isEmpty else { return [] }
        let document = JSONWriter.object { json in
            writeHead(progress, into: &json)
            writeTexts(delta.content, delta.reasoning, into: &json)
            writeLogprobs(delta.tokens, into: &json)
            json.field("done", false)
        }
        return [document]
    }

    mutating func closing(_ progress: CompletionProgress) -> [[UInt8]] {
        let document = JSONWriter.object { json in
            writeHead(progress, into: &json)
            writeTexts("", "", into: &json)
            writeEnd(progress, into: &json)
        }
        return [document]
    }

    mutating func failure(_ error: ErrorBody) -> [UInt8] { error.json(as: .text) }

    private func writeHead(_ progress: CompletionProgress, into json: inout JSONWriter) {
        json.field("model", progress.model)
        json.field("created_at", Timestamp.now)
    }

    private func writeTexts(
        _ answer: String, _ thought: String, into json: inout JSONWriter
    ) {
        guard isChat else {
            json.field("response", answer)
            if !thought.isEmpty { json.field("thinking", thought) }
            return
        }
        json.object("message") {
            $0.field("role", "assistant")
            $0.field("content", answer)
            if !thought.isEmpty { $0.field("thinking", thought) }
        }
    }

    private func writeLogprobs(_ tokens: [TokenReport], into json: inout JSONWriter) {
        guard wantsLogprobs else { return }
        json.array("logprobs") { for token in tokens { $0.element(token) } }
    }

    private func writeEnd(_ progress: CompletionProgress, into json: inout JSONWriter) {
        json.field("done", true)
        json.field("done_reason", progress.choices.first?.finished?.reason.name)
        let durations = progress.durations
        json.field("total_duration", durations.total.nanoseconds)
        json.field("load_duration", durations.loading.nanoseconds)
        json.field("prompt_eval_count", progress.promptTokens)
        json.field("prompt_eval_duration", durations.prompt.nanoseconds)
        json.field("eval_count", progress.completionTokens)
        json.field("eval_duration", durations.answer.nanoseconds)
        progress.writeBudget(into: &json)
        progress.writeWarnings(into: &json)
    }
}
