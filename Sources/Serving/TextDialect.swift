import Inference

/// `POST /v1/completions` as OpenAI answers it: raw text, the thought and its tags included.
struct TextDialect: CompletionDialect {
    static let idPrefix = "cmpl-"

    private let wantsLogprobs: Bool
    private let echoes: Bool
    private let includesUsage: Bool
    /// Where the next token of each choice begins, in characters of its text.
    private var offsets: [Int: Int] = [:]
    /// The choices whose prompt was told.
    private var echoed: Set<Int> = []

    init(job: CompletionJob) {
        wantsLogprobs = job.requests.first?.topLogprobs != nil
        echoes = job.requests.first?.echo ?? false
        includesUsage = job.includesUsage
    }

    func whole(_ progress: CompletionProgress) -> [UInt8] {
        JSONWriter.object { json in
            progress.writeHead(into: &json, object: "text_completion")
            json.array("choices") { json in
                for (index, choice) in progress.choices.enumerated() {
                    var logprobs = TextLogprobs()
                    var text = choice.reasoning + choice.content
                    if echoes {
                        let echo = echo(ofChoice: index, progress)
                        text = echo.text + text
                        logprobs.append(echo.tokens, absentBytes: echo.absentBytes)
                    }
                    logprobs.append(choice.tokens)
                    json.object {
                        write(
                            text, logprobs, index: index, reason: choice.finished?.reason.name,
                            into: &$0)
                    }
                }
            }
            progress.writeUsage(into: &json)
            progress.writeBudget(into: &json)
            progress.writeWarnings(into: &json)
        }
    }

    mutating func documents(
        for event: CompletionEvent, prompt: Int, progress: CompletionProgress
    ) -> [[UInt8]] {
        switch event {
        case .accepted, .echo, .revised, .escalated:
            return []
        case .delta(let delta):
            let index = progress.index(prompt: prompt, sample: delta.sample)
            let opening = opening(index, progress)
            guard !delta.isEmpty, !progress.job.discardsOutput else { return opening }
            var logprobs = TextLogprobs(offset: offsets[index, default: 0])
            logprobs.append(delta.tokens)
            offsets[index] = logprobs.offset
            return opening + [
                chunk(delta.reasoning + delta.content, logprobs, index: index, progress)
            ]
        case .finished(let finished):
            let index = progress.index(prompt: prompt, sample: finished.sample)
            let reason = progress.choices[index].finished?.reason.name
            return opening(index, progress) + [
                chunk("", TextLogprobs(), index: index, reason: reason, progress)
            ]
        }
    }

    mutating func closing(_ progress: CompletionProgress) -> [[UInt8]] {
        includesUsage ? [progress.usageChunk(object: "text_completion")] : []
    }

    /// The prompt, once for each choice, where the caller wants it back.
    private mutating func opening(_ index: Int, _ progress: CompletionProgress) -> [[UInt8]] {
        guard echoes, echoed.insert(index).inserted else { return [] }
        let echo = echo(ofChoice: index, progress)
        var logprobs = TextLogprobs()
        logprobs.append(echo.tokens, absentBytes: echo.absentBytes)
        offsets[index] = logprobs.offset
        return [chunk(echo.text, logprobs, index: index, progress)]
    }

    /// The prompt of a choice.
    ///
    /// A prompt that came as text comes back as that text. The start token that the model adds is
    /// among the tokens and not in the text: `absentBytes` of the tokens' bytes have no character.
    private func echo(
        ofChoice index: Int, _ progress: CompletionProgress
    ) -> (text: String, tokens: [TokenReport], absentBytes: Int) {
        let prompt = progress.prompt(ofChoice: index)
        let tokens = progress.echoes[prompt] ?? []
        let bytes = tokens.flatMap(\.bytes)
        guard let text = progress.job.echoedTexts[prompt] else {
            return (String(decoding: bytes, as: UTF8.self), tokens, 0)
        }
        return (text, tokens, max(0, bytes.count - text.utf8.count))
    }

    private func chunk(
        _ text: String, _ logprobs: TextLogprobs, index: Int, reason: String? = nil,
        _ progress: CompletionProgress
    ) -> [UInt8] {
        JSONWriter.object { json in
            progress.writeHead(into: &json, object: "text_completion")
            json.array("choices") {
                $0.object { write(text, logprobs, index: index, reason: reason, into: &$0) }
            }
            progress.writeTail(
                into: &json, includesUsage: includesUsage,
                isLast: reason != nil && progress.isComplete)
        }
    }

    private func write(
        _ text: String, _ logprobs: TextLogprobs, index: Int, reason: String?,
        into json: inout JSONWriter
    ) {
        json.field("index", index)
        json.field("text", text)
        if wantsLogprobs { logprobs.write(into: &json) } else { json.null("logprobs") }
        json.field("finish_reason", reason)
    }
}
