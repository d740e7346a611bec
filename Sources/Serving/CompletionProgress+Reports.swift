import Inference
import Routing

extension CompletionProgress {
    /// Writes OpenAI's `usage`; reasoning counts as completion.
    func writeUsage(into json: inout JSONWriter) {
        json.object("usage") {
            $0.field("prompt_tokens", promptTokens)
            $0.field("completion_tokens", completionTokens)
            $0.field("total_tokens", promptTokens + completionTokens)
            $0.object("prompt_tokens_details") { $0.field("cached_tokens", cachedTokens) }
            $0.object("completion_tokens_details") {
                $0.field("reasoning_tokens", reasoningTokens)
            }
        }
    }

    /// Writes `budget`: what was asked, what held, what was spent, what ran out.
    ///
    /// `effective.tokens` holds for each choice, `spent` counts all of them; `exhausted` is that
    /// of the first choice that was cut off.
    func writeBudget(into json: inout JSONWriter) {
        json.object("budget") {
            writeRequested(into: &$0)
            $0.object("effective") {
                guard var budget = budgets.first else { return }
                if job.discardsOutput { budget.tokens = 0 }
                $0.write(budget)
            }
            if let route = accepted.first?.route { $0.field("route", route) }
            $0.object("spent") {
                let milliseconds = milliseconds
                $0.field("prompt_tokens", promptTokens)
                $0.field("reasoning_tokens", reasoningTokens)
                $0.field("answer_tokens", completionTokens - reasoningTokens)
                if let earlier = accepted.first?.earlierTokens, earlier > 0 {
                    $0.field("first_attempt_tokens", earlier)
                }
                if let first = accepted.first, let price = first.price,
                    let earlier = first.earlierCost
                {
                    let last = price.cost(
                        promptTokens: promptTokens,
                        completionTokens: Double(completionTokens - first.earlierTokens))
                    $0.field("cost", money: earlier + last)
                }
                if let queue = queueMilliseconds { $0.field("queue_ms", queue) }
                $0.field("first_token_ms", milliseconds.first)
                $0.field("total_ms", milliseconds.total)
            }
            let cut = choices.indices.lazy.compactMap { exhausted(choice: $0) }.first
            $0.field("exhausted", cut)
            $0.field("forced_close", choices.contains { $0.finished?.forcedClose == true })
        }
    }

    private func writeRequested(into json: inout JSONWriter) {
        let ceilings = job.asked.ceilings
        json.object("requested") {
            let budget = job.asked.budget
            if let tokens = budget.tokens { $0.field("tokens", tokens) }
            if let tokens = budget.reasoningTokens ?? ceilings.reasoningTokens {
                $0.field("reasoning_tokens", tokens)
            }
            if let tokens = budget.answerTokens { $0.field("answer_tokens", tokens) }
            if let cost = budget.cost { $0.field("cost", cost) }
            if let milliseconds = budget.latencyMilliseconds {
                $0.field("latency_ms", milliseconds)
            }
            if let effort = budget.effort { $0.field("effort", effort.rawValue) }
            if budget.onExhausted != .answer {
                $0.field("on_exhausted", budget.onExhausted.rawValue)
            }
            if let tokens = ceilings.maximumTokens { $0.field("max_tokens", tokens) }
            if let tokens = ceilings.maximumCompletionTokens {
                $0.field("max_completion_tokens", tokens)
            }
            if let tokens = ceilings.maximumNewTokens { $0.field("max_new_tokens", tokens) }
            if let policy = job.requestedPolicy { $0.field("policy", policy.rawValue) }
            if let model = job.requestedModel { $0.field("model", model) }
        }
    }

    /// Writes `warnings` if there are any.
    func writeWarnings(into json: inout JSONWriter) {
        json.writeWarnings(job.warnings + thoughtWarnings + endingWarnings)
    }

    /// What a ceiling of no thought costs.
    private var thoughtWarnings: [String] {
        guard budgets.contains(where: { $0.reasoningTokens == 0 }), !job.discardsOutput else {
            return []
        }
        return [
            "the thought was closed before it began; a model that was trained to think first is "
                + "wrong more often then"
        ]
    }

    /// What `finish_reason` hides: a model that stops while it thinks leaves no answer.
    private var endingWarnings: [String] {
        choices.enumerated().compactMap { index, choice in
            guard let end = choice.finished, end.reason == .stop, end.endsInReasoning else {
                return nil
            }
            return "the model ended choice \(index) inside its thought; it has no answer"
        }
    }

    /// Writes the members that every document of an answer begins with.
    func writeHead(into json: inout JSONWriter, object: String) {
        json.field("id", id)
        json.field("object", object)
        json.field("created", created)
        json.field("model", model)
    }
}

extension JSONWriter {
    /// Writes a token and its rivals as chat's `logprobs.content` has them.
    mutating func element(_ token: TokenReport) {
        object {
            $0.describe(id: token.id, bytes: token.bytes, logprob: token.logprob)
            $0.array("top_logprobs") {
                for rival in token.top {
                    $0.object {
                        $0.describe(id: rival.id, bytes: rival.bytes, logprob: rival.logprob)
                    }
                }
            }
        }
    }

    private mutating func describe(id: Int32, bytes: [UInt8], logprob: Float?) {
        field("token", TokenText.of(bytes))
        field("id", Int(id))
        field("logprob", logprob: logprob)
        array("bytes") {
            for byte in bytes { $0.value(Int(byte)) }
        }
    }
}

/// A token's bytes as JSON can carry them.
enum TokenText {
    /// The text, or OpenAI's `bytes:\xe2\x80` for a piece of a code point.
    static func of(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let digits = Array("0123456789abcdef")
        return bytes.reduce(into: "bytes:") { text, byte in
            text += "\\x"
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
    }
}
