import Inference

/// `POST /generate`: our own answer, the one to read from a terminal.
///
///     {"id":"gen-…","object":"generation","created":…,"model":"…",
///      "text":"391","reasoning":"17 times 23 …","finish_reason":"stop",
///      "usage":{…},"budget":{…},"timings":{"first_token_ms":…,"total_ms":…,"tokens_per_second":…}}
///
/// `text` is the answer and `reasoning` the thought (`null` if there was none) of the first
/// choice; with `n` above 1 `choices` holds them all. `stop_string` names the stop that ended the
/// answer, `logprobs` and `prompt` are there if asked for.
///
/// The stream is a sequence of events, each with its `type`:
///
///     {"type":"queued","position":3,"eta_seconds":4.2}          while it waits
///     {"type":"start","id":"gen-…","created":…,"model":"…"}     with the first token, not before
///     {"type":"reasoning","index":0,"text":"…"}                 pieces of the thought
///     {"type":"escalated","index":0,"model":"…"}                another member goes on
///     {"type":"answer","index":0,"text":"…"}                    pieces of the answer
///     {"type":"end","index":0,"finish_reason":"stop"}           one choice of several is complete
///     {"type":"done","finish_reason":"stop","usage":{…},"budget":{…},"timings":{…}}
///     [DONE]
struct GenerateDialect: CompletionDialect {
    static let idPrefix = "gen-"

    private let wantsLogprobs: Bool
    private let echoes: Bool
    private let hasSeveral: Bool
    private var hasStarted = false

    init(job: CompletionJob) {
        wantsLogprobs = job.requests.first?.topLogprobs != nil
        echoes = job.requests.first?.echo ?? false
        hasSeveral = job.samples > 1
    }

    func whole(_ progress: CompletionProgress) -> [UInt8] {
        JSONWriter.object { json in
            progress.writeHead(into: &json, object: "generation")
            writePrompt(progress, into: &json)
            if let first = progress.choices.first {
                write(first, index: 0, progress, into: &json)
            }
            if hasSeveral {
                json.array("choices") { json in
                    for (index, choice) in progress.choices.enumerated() {
                        json.object {
                            $0.field("index", index)
                            write(choice, index: index, progress, into: &$0)
                            $0.field("exhausted", progress.exhausted(choice: index))
                        }
                    }
                }
            }
            writeEnd(progress, into: &json)
        }
    }

    private func write(
        _ choice: CompletionProgress.Choice, index: Int, _ progress: CompletionProgress,
        into json: inout JSONWriter
    ) {
        json.field("text", choice.content)
        json.field("reasoning", choice.reasoning.isEmpty ? nil : choice.reasoning)
        writeFinish(choice, into: &json)
        guard wantsLogprobs else { return }
        json.array("logprobs") { for token in choice.tokens { $0.element(token) } }
    }

    private func writeFinish(_ choice: CompletionProgress.Choice, into json: inout JSONWriter) {
        json.field("finish_reason", choice.finished?.reason.name)
        if let stop = choice.finished?.stopString { json.field("stop_string", stop) }
    }

    private func writePrompt(_ progress: CompletionProgress, into json: inout JSONWriter) {
        guard echoes, let tokens = progress.echoes.first ?? nil else { return }
        json.object("prompt") {
            $0.field("text", String(decoding: tokens.flatMap(\.bytes), as: UTF8.self))
            $0.array("tokens") { for token in tokens { $0.element(token) } }
        }
    }

    private func writeEnd(_ progress: CompletionProgress, into json: inout JSONWriter) {
        progress.writeUsage(into: &json)
        progress.writeBudget(into: &json)
        json.object("timings") {
            let milliseconds = progress.milliseconds
            $0.field("first_token_ms", milliseconds.first)
            $0.field("total_ms", milliseconds.total)
            $0.field("tokens_per_second", progress.tokensPerSecond)
            // As llama-server has them.
            if progress.draftTokens > 0 {
                $0.field("draft_n", progress.draftTokens)
                $0.field("draft_n_accepted", progress.acceptedDraftTokens)
            }
        }
        progress.writeWarnings(into: &json)
    }

    mutating func documents(
        for event: CompletionEvent, prompt: Int, progress: CompletionProgress
    ) -> [[UInt8]] {
        switch event {
        case .accepted, .echo, .revised:
            return []
        case .escalated(let next):
            let document = JSONWriter.object {
                $0.field("type", "escalated")
                $0.field("index", progress.index(prompt: prompt, sample: 0))
                $0.field("model", next.model)
            }
            return start(progress) + [document]
        case .delta(let delta):
            guard !delta.isEmpty else { return [] }
            let index = progress.index(prompt: prompt, sample: delta.sample)
            var documents = start(progress)
            let pieces = [("reasoning", delta.reasoning, true), ("answer", delta.content, false)]
            for (type, text, isReasoning) in pieces {
                let tokens = delta.tokens(ofReasoning: isReasoning)
                guard !text.isEmpty || !tokens.isEmpty else { continue }
                documents.append(piece(type, text, tokens, index: index))
            }
            return documents
        case .finished(let finished):
            guard hasSeveral else { return start(progress) }
            let index = progress.index(prompt: prompt, sample: finished.sample)
            let end = JSONWriter.object {
                $0.field("type", "end")
                $0.field("index", index)
                writeFinish(progress.choices[index], into: &$0)
                $0.field("exhausted", progress.exhausted(choice: index))
            }
            return start(progress) + [end]
        }
    }

    private mutating func start(_ progress: CompletionProgress) -> [[UInt8]] {
        guard !hasStarted else { return [] }
        hasStarted = true
        let start = JSONWriter.object {
            $0.field("type", "start")
            $0.field("id", progress.id)
            $0.field("created", progress.created)
            $0.field("model", progress.model)
            writePrompt(progress, into: &$0)
        }
        return [start]
    }

    private func piece(
        _ type: String, _ text: String, _ tokens: [TokenReport], index: Int
    ) -> [UInt8] {
        JSONWriter.object {
            $0.field("type", type)
            $0.field("index", index)
            $0.field("text", text)
            guard wantsLogprobs else { return }
            $0.array("logprobs") { for token in tokens { $0.element(token) } }
        }
    }

    func documents(for place: QueuePlace) -> [[UInt8]] {
        [
            JSONWriter.object {
                $0.field("type", "queued")
                $0.field("position", place.position)
                $0.field("eta_seconds", (place.seconds * 10).rounded() / 10)
            }
        ]
    }

    mutating func closing(_ progress: CompletionProgress) -> [[UInt8]] {
        let done = JSONWriter.object { json in
            json.field("type", "done")
            json.field("id", progress.id)
            json.field("model", progress.model)
            if let first = progress.choices.first { writeFinish(first, into: &json) }
            writeEnd(progress, into: &json)
        }
        return [done]
    }
}
