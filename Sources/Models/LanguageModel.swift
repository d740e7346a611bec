/// A network that turns token ids into logits over a paged KV cache.
///
/// The engine owns exactly one value of this type and calls it from one thread at a time; an
/// implementation may spread a call over worker threads but returns when all of them are done.
/// It holds KV *bytes*; which page belongs to which sequence is the caller's to count.
public protocol LanguageModel: AnyObject {
    /// How many logits a position has.
    var vocabularySize: Int { get }

    /// The longest sequence, prompt and completion together, in tokens.
    var contextLength: Int { get }

    /// Tokens that one KV page holds.
    var pageSize: Int { get }

    /// Pages that exist; valid page numbers are `0..<pageCount`.
    var pageCount: Int { get }

    /// How many members of a family answer here; `ForwardBatch.Item.member` is below it.
    var memberCount: Int { get }

    /// Computes every item's new positions, writes their keys and values into the pages of the
    /// item's block table, and returns the logits or hidden states that the items ask for.
    ///
    /// The result for an item depends on its own tokens alone: not on the other items, not on how
    /// its tokens were cut into calls, not on the number of threads.
    ///
    /// - Parameter batch: What to compute. Its invariants are preconditions.
    /// - Returns: One row per requested position: items in order, positions ascending.
    func forward(_ batch: ForwardBatch) -> Logits
}
