/// The events of one sequence, for one reader.
///
/// Begins with `.admitted`, ends with `.finished`; a sequence that ends in the queue has
/// `.finished` alone. Dropping the stream, or cancelling the task that reads it, cancels the
/// sequence and frees its pages within one step; the cancelled reader's loop ends at once, without
/// `.finished`. A slow reader delays nobody: events wait for it, at most `maximumTokens + 5`, and
/// one for each thought that was closed.
public struct TokenStream: AsyncSequence, Sendable {
    /// The sequence, for `Engine.cancel` and `Engine.end`.
    public let id: SequenceID
    let events: AsyncStream<TokenEvent>

    /// Reads the events.
    public func makeAsyncIterator() -> AsyncStream<TokenEvent>.Iterator {
        events.makeAsyncIterator()
    }
}
