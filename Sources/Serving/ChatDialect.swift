import Inference

/// `POST /v1/chat/completions` as OpenAI answers it.
///
/// The thought goes under both names that clients read it by, `reasoning` and
/// `reasoning_content`; it is `null` where there was none. An answer that never began is `""`.
struct ChatDialect: CompletionDialect {
    static let idPrefix = "chatcmpl-"

    private let wantsLogprobs: Bool
    private let includesUsage: Bool
    /// The choices whose first chunk, with the role, has left.
    private var begun: Set<Int> = []

    init(job: CompletionJob) {
        wantsLogprobs = job.requests.first?.topLogprobs != nil
        includesUsage = job.includesUsage
    }

    func whole(_ progress: CompletionProgress) -> [UInt8] {
        JSONWriter.object { json in
            progress.writeHead(into: &json, object: "chat.completion")
            json.array("choices") { json in
                for (index, choice) in progress.choices.enumerated() {
                    json.object { write(choice, index: index, into: &$0) }
                }
            }
            progress.writeUsage(into: &json)
            progress.writeBudget(into: &json)
            progress.writeWarnings(into: &json)
        }
    }

    private func write(
        _ choice: CompletionProgress.Choice, index: Int, into json: inout JSONWriter
    ) {
        json.field("index", index)
        json.object("message") {
            let thought = choice.reasoning.isEmpty ? nil : choice.reasoning
            $0.field("role", "assistant")
            $0.field("content", choice.content)
            $0.field("reasoning", thought)
            $0.field("reasoning_content", thought)
        }
        writeLogprobs(
            content: choice.tokens.filter { !$0.isReasoning },
            reasoning: choice.tokens.filter(\.isReasoning), into: &json)
        json.field("finish_reason", choice.finished?.reason.name)
    }

    mutating func documents(
        for event: CompletionEvent, prompt: Int, progress: CompletionProgress
    ) -> [[UInt8]] {
        switch event {
        case .accepted, .echo, .revised, .escalated:
            return []
        case .delta(let delta):
            guard !delta.isEmpty else { return [] }
            let index = progress.index(prompt: prompt, sample: delta.sample)
            return beginning(index, progress) + chunks(of: delta, index: index, progress)
        case .finished(let finished):
            let index = progress.index(prompt: prompt, sample: finished.sample)
            let reason = progress.choices[index].finished?.reason.name
            return beginning(index, progress) + [
                chunk(progress, index: index, reason: reason, isLast: progress.isComplete) { _ in }
            ]
        }
    }

    mutating func closing(_ progress: CompletionProgress) -> [[UInt8]] {
        includesUsage ? [progress.usageChunk(object: "chat.completion.chunk")] : []
    }

    /// The role, once, and not before there is a token to send with it: clients take the first
    /// chunk for the first token.
    private mutating func beginning(_ index: Int, _ progress: CompletionProgress) -> [[UInt8]] {
        guard begun.insert(index).inserted else { return [] }
        let first = chunk(progress, index: index) {
            $0.field("role", "assistant")
            $0.field("content", "")
        }
        return [first]
    }

    private func chunks(
        of delta: CompletionEvent.Delta, index: Int, _ progress: CompletionProgress
    ) -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        let thought = delta.tokens(ofReasoning: true)
        if !delta.reasoning.isEmpty || !thought.isEmpty {
            chunks.append(
                chunk(progress, index: index, reasoning: thought) {
                    $0.field("reasoning", delta.reasoning)
                    $0.field("reasoning_content", delta.reasoning)
                })
        }
        let answer = delta.tokens(ofReasoning: false)
        if !delta.content.isEmpty || !answer.isEmpty {
            chunks.append(
                chunk(progress, index: index, content: answer) {
                    $0.field("content", delta.content)
                })
        }
        return chunks
    }

    private func chunk(
        _ progress: CompletionProgress, index: Int, content: [TokenReport] = [],
        reasoning: [TokenReport] = [], reason: String? = nil, isLast: Bool = false,
        delta: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        JSONWriter.object { json in
            progress.writeHead(into: &json, object: "chat.completion.chunk")
            json.array("choices") { json in
                json.object { json in
                    json.field("index", index)
                    json.object("delta", delta)
                    writeLogprobs(content: content, reasoning: reasoning, into: &json)
                    json.field("finish_reason", reason)
                }
            }
            progress.writeTail(into: &json, includesUsage: includesUsage, isLast: isLast)
        }
    }

    private func writeLogprobs(
        content: [TokenReport], reasoning: [TokenReport], into json: inout JSONWriter
    ) {
        guard wantsLogprobs else { return json.null("logprobs") }
        json.object("logprobs") { json in
            json.array("content") { for token in content { $0.element(token) } }
            json.array("reasoning") { for token in reasoning { $0.element(token) } }
            json.null("refusal")
        }
    }
}
