import HTTP
import Inference

/// How one API tells of a completion: whole, or event by event.
///
/// A stream is the documents of `documents(for:prompt:progress:)` in order and those of
/// `closing(_:)`, framed as `framing` says; the texts in it, concatenated, are the texts of
/// `whole(_:)`.
protocol CompletionDialect: Sendable {
    /// What the names of answers begin with.
    static var idPrefix: String { get }
    /// How the documents of a stream are told apart.
    static var framing: StreamFraming { get }

    /// The answer to a request that does not stream.
    func whole(_ progress: CompletionProgress) -> [UInt8]

    /// Header fields of such an answer, beside those that every answer has.
    func fields(_ progress: CompletionProgress) -> HTTPFields

    /// What a stream says of an event that `progress` has taken into account already.
    mutating func documents(
        for event: CompletionEvent, prompt: Int, progress: CompletionProgress
    ) -> [[UInt8]]

    /// What a stream says of its place in the queue, beside the comment that every stream gets.
    func documents(for place: QueuePlace) -> [[UInt8]]

    /// What a stream says when every choice has ended.
    mutating func closing(_ progress: CompletionProgress) -> [[UInt8]]

    /// What a stream ends with, instead of `closing(_:)`, when the completion fails in the middle.
    mutating func failure(_ error: ErrorBody) -> [UInt8]
}

extension CompletionDialect {
    static var framing: StreamFraming { .events(saysDone: true) }

    func fields(_ progress: CompletionProgress) -> HTTPFields { [:] }

    mutating func failure(_ error: ErrorBody) -> [UInt8] { error.json(as: .object) }
}

extension CompletionDialect {
    /// Nothing: clients of other servers' APIs know no such event.
    func documents(for place: QueuePlace) -> [[UInt8]] { [] }
}

extension CompletionEvent.Delta {
    /// Whether there is nothing to tell.
    var isEmpty: Bool { reasoning.isEmpty && content.isEmpty && tokens.isEmpty }

    /// The tokens of the thought, or those of the answer.
    func tokens(ofReasoning isReasoning: Bool) -> [TokenReport] {
        tokens.filter { $0.isReasoning == isReasoning }
    }
}

extension FinishReason {
    /// OpenAI's word for it; other ends are errors and never get here.
    var name: String { self == .length || self == .deadline ? "length" : "stop" }
}
