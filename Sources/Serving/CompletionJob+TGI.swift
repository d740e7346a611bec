import Inference
import Routing
import Tokenization

/// What TGI's fields ask of the answer, beside what is run.
struct TGITerms {
    /// The prompt, where it comes back before the answer.
    var leadingText = ""
    /// Characters of the prompt.
    var characterCount = 0
    /// Whether tokens are told.
    var wantsDetails = false
    /// Whether the prompt's tokens are told.
    var wantsPrefill = false
    /// Rivals to tell of each token; `nil` for none.
    var rivals: Int?
    /// Tokens of the prompt that are read, the last ones; `nil` for all.
    var truncate: Int?
    /// The seed to tell; `nil` where nothing was drawn.
    var seed: UInt64?
    /// Whether the answer is the only element of a list.
    var isListed = false
}

extension RequestFields {
    /// Whether a body of `/generate` speaks TGI's language.
    var isTGI: Bool { peek("inputs") != nil }
}

extension CompletionJob {
    /// Reads a body with TGI's `inputs` and `parameters`.
    ///
    /// The text is completed as it is, as TGI does: without `do_sample` or a sampling field the
    /// likeliest tokens, else under the model's own defaults. Our own fields (`budget`, `model`)
    /// stand beside `inputs` or among the parameters.
    static func tgi(
        _ body: RequestFields, streams: Bool?, limits: ServingConfiguration
    ) throws(ServingError) -> (job: CompletionJob, terms: TGITerms) {
        var fields = body
        guard let text = try fields.string("inputs") else { throw .missing(path: "inputs") }
        guard fields.peek("prompt") == nil, fields.peek("messages") == nil else {
            throw .invalidValue(
                path: "inputs", expected: "absent beside 'prompt' and 'messages'", found: "both")
        }
        try fields.inline("parameters")
        try fields.readForm(as: "grammar")
        var terms = TGITerms()
        terms.characterCount = text.unicodeScalars.count
        terms.wantsDetails = try fields.boolean("details") ?? false
        terms.wantsPrefill = try fields.boolean("decoder_input_details") ?? false
        terms.rivals = try fields.integer("top_n_tokens", in: 0...RequestLimits.topLogprobs)
            .flatMap { $0 > 0 ? $0 : nil }
        terms.truncate = try fields.integer("truncate", in: 1...Int.max)
        if try fields.boolean("return_full_text") ?? false { terms.leadingText = text }
        let samples = try fields.integer("best_of", in: 1...limits.maximumSamples) ?? 1
        let draws = try fields.boolean("do_sample") ?? false
        guard fields.peek("n") == nil else {
            throw .unsupported(path: fields.path(of: "n"), reason: "one text is returned here")
        }
        var job = try CompletionJob(
            prompts: [.text(text)], promptField: "inputs", leastTokens: 1, fields: &fields,
            limits: limits)
        if let streams { job.streams = streams }
        try job.refuseThoughtCeilings(elsewhere: "send 'prompt' instead of 'inputs'")
        if job.streams {
            guard !terms.wantsPrefill else {
                throw .unsupported(
                    path: fields.path(of: "decoder_input_details"),
                    reason: "a stream tells only new tokens")
            }
            guard samples == 1 else {
                throw .unsupported(
                    path: fields.path(of: "best_of"), reason: "a stream cannot choose afterwards")
            }
        }
        job.apply(terms: &terms, draws: draws, samples: samples)
        job.warnings += try fields.leftovers()
        return (job, terms)
    }

    private mutating func apply(terms: inout TGITerms, draws: Bool, samples: Int) {
        let sampling = requests[0].sampling
        let isGreedy =
            !draws && sampling.temperature == nil && sampling.topK == nil && sampling.topP == nil
        if !isGreedy {
            // TGI tells the seed also where it chose it; a number that every JSON reader can hold.
            terms.seed = sampling.seed ?? .random(in: 0..<1 << 53)
        }
        let needsTokens = terms.wantsDetails || terms.wantsPrefill || samples > 1 || streams
        forEachRequest {
            if isGreedy { $0.sampling.temperature = 0 }
            $0.sampling.seed = terms.seed ?? $0.sampling.seed
            $0.samples = samples
            $0.separatesReasoning = false
            $0.echo = terms.wantsPrefill
            $0.topLogprobs = needsTokens ? terms.rivals ?? 0 : nil
        }
    }

    /// Refuses ceilings that need a thought told from the answer, where neither is.
    func refuseThoughtCeilings(elsewhere: String) throws(ServingError) {
        guard
            asked.budget.reasoningTokens != nil || asked.budget.answerTokens != nil
                || asked.ceilings.reasoningTokens != nil
        else { return }
        throw .unsupported(
            path: "budget",
            reason: "a text is completed as it is, its thought is not told from its answer; "
                + "limit 'tokens' here, or \(elsewhere)")
    }
}
