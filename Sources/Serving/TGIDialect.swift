import HTTP
import Inference
import Routing

/// `POST /generate` and `/generate_stream` as TGI answers them: raw text, tokens in `details`.
///
/// Stop strings are not part of the text here, as nowhere else; their tokens are in `details`. A
/// stream is an event a token; the last one has the text and the account, so each event waits for
/// the next token.
struct TGIDialect: CompletionDialect {
    static let idPrefix = "gen-"
    static let framing = StreamFraming.events(saysDone: false)

    private let terms: TGITerms
    /// The text so far.
    private var text = ""
    private var held: TokenReport?
    /// Tokens that were told.
    private var told = 0
    private var pieces = TokenPieces()

    init(terms: TGITerms) {
        self.terms = terms
    }

    func whole(_ progress: CompletionProgress) -> [UInt8] {
        let best = progress.choices.indices.max {
            progress.choices[$0].meanLogprob < progress.choices[$1].meanLogprob
        }
        let chosen = best ?? 0
        let document = JSONWriter.object { json in
            json.field("generated_text", fullText(progress.choices[chosen]))
            if terms.wantsDetails || terms.wantsPrefill {
                json.object("details") { json in
                    writeDetails(ofChoice: chosen, progress, into: &json)
                    let others = progress.choices.indices.filter { $0 != chosen }
                    guard !others.isEmpty else { return }
                    json.array("best_of_sequences") { json in
                        for other in others {
                            json.object {
                                $0.field("generated_text", fullText(progress.choices[other]))
                                writeDetails(ofChoice: other, progress, into: &$0)
                            }
                        }
                    }
                }
            }
            writeAccount(progress, into: &json)
        }
        return terms.isListed
            ? [UInt8(ascii: "[")] + document + [UInt8(ascii: "]")] : document
    }

    func fields(_ progress: CompletionProgress) -> HTTPFields {
        let times = progress.times
        let perToken = Int(times.inference) / max(progress.completionTokens, 1)
        return [
            .computeType: "cpu",
            .computeTime: "\(times.total / 1000)",
            .computeCharacters: "\(terms.characterCount)",
            .totalTime: "\(Int(times.total))",
            .validationTime: "\(Int(times.validation))",
            .queueTime: "\(Int(times.queue))",
            .inferenceTime: "\(Int(times.inference))",
            .timePerToken: "\(perToken)",
            .promptTokens: "\(progress.promptTokens)",
            .generatedTokens: "\(progress.completionTokens)",
        ]
    }

    mutating func documents(
        for event: CompletionEvent, prompt: Int, progress: CompletionProgress
    ) -> [[UInt8]] {
        guard case .delta(let delta) = event else { return [] }
        text += delta.reasoning + delta.content
        var documents: [[UInt8]] = []
        for token in delta.tokens {
            if let held { documents.append(document(held)) }
            held = token
        }
        return documents
    }

    mutating func closing(_ progress: CompletionProgress) -> [[UInt8]] {
        guard let held else { return [] }
        return [document(held, endOf: progress)]
    }

    mutating func failure(_ error: ErrorBody) -> [UInt8] { error.json(as: .pair) }

    private func fullText(_ choice: CompletionProgress.Choice) -> String {
        terms.leadingText + choice.reasoning + choice.content
    }

    /// The event of the token held back, with the text and the account if it is the last.
    private mutating func document(
        _ token: TokenReport, endOf progress: CompletionProgress? = nil
    ) -> [UInt8] {
        told += 1
        let piece = pieces.text(of: token)
        return JSONWriter.object { json in
            json.field("index", told)
            json.object("token") { $0.writeMembers(of: token, text: piece) }
            if terms.rivals != nil {
                json.array("top_tokens") { $0.writeRivals(of: token) }
            }
            guard let progress else {
                json.null("generated_text")
                return json.null("details")
            }
            json.field("generated_text", terms.leadingText + text)
            json.object("details") {
                writeEnd(ofChoice: 0, progress, into: &$0)
                $0.field("input_length", progress.promptTokens)
            }
            writeAccount(progress, into: &json)
        }
    }

    private func writeDetails(
        ofChoice index: Int, _ progress: CompletionProgress, into json: inout JSONWriter
    ) {
        writeEnd(ofChoice: index, progress, into: &json)
        json.array("prefill") { json in
            guard terms.wantsPrefill else { return }
            var pieces = TokenPieces()
            for token in progress.echoes.first.flatMap(\.self) ?? [] {
                let piece = pieces.text(of: token)
                json.object { $0.writeMembers(of: token, text: piece, tellsSpecial: false) }
            }
        }
        let tokens = progress.choices[index].tokens
        json.array("tokens") { json in
            var pieces = TokenPieces()
            for token in tokens {
                let piece = pieces.text(of: token)
                json.object { $0.writeMembers(of: token, text: piece) }
            }
        }
        guard terms.rivals != nil else { return }
        json.array("top_tokens") { json in
            for token in tokens { json.array { $0.writeRivals(of: token) } }
        }
    }

    private func writeEnd(
        ofChoice index: Int, _ progress: CompletionProgress, into json: inout JSONWriter
    ) {
        let end = progress.choices[index].finished
        let reason =
            end?.reason.name == "length"
            ? "length" : end?.stopString == nil ? "eos_token" : "stop_sequence"
        json.field("finish_reason", reason)
        json.field("generated_tokens", end?.completionTokens ?? 0)
        // The samples of a request have consecutive seeds.
        json.field("seed", unsigned: terms.seed.map { $0 &+ UInt64(index) })
    }

    /// What TGI's shape has no place for, where there is something to tell.
    private func writeAccount(_ progress: CompletionProgress, into json: inout JSONWriter) {
        if progress.job.asked.budget != Budget() { progress.writeBudget(into: &json) }
        progress.writeWarnings(into: &json)
    }
}

extension CompletionProgress.Choice {
    /// The mean of its tokens' log-probabilities; what TGI chooses the best of several by.
    fileprivate var meanLogprob: Float {
        let logprobs = tokens.compactMap(\.logprob)
        return logprobs.isEmpty ? -.infinity : logprobs.reduce(0, +) / Float(logprobs.count)
    }
}

extension JSONWriter {
    fileprivate mutating func writeMembers(
        of token: TokenReport, text: String, tellsSpecial: Bool = true
    ) {
        field("id", Int(token.id))
        field("text", text)
        field("logprob", logprob: token.logprob)
        if tellsSpecial { field("special", token.isSpecial) }
    }

    fileprivate mutating func writeRivals(of token: TokenReport) {
        for rival in token.top {
            object {
                $0.field("id", Int(rival.id))
                $0.field("text", String(decoding: rival.bytes, as: UTF8.self))
                $0.field("logprob", logprob: rival.logprob)
                $0.field("special", false)
            }
        }
    }
}

/// The texts of tokens one after the other: a code point that several spell is the last one's.
struct TokenPieces {
    private var pending: [UInt8] = []

    /// The text that became whole with this token.
    mutating func text(of token: TokenReport) -> String {
        pending += token.bytes
        for held in 0...min(3, pending.count) {
            let bytes = Array(pending.dropLast(held))
            guard let text = String(validating: bytes, as: UTF8.self) else { continue }
            pending.removeFirst(bytes.count)
            return text
        }
        // Bytes that never become text.
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }
}
