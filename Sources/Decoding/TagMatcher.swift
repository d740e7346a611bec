/// Finds a tag of one or several ids in a stream of ids.
///
/// Holds the longest end of the stream that may be the beginning of the tag.
public struct TagMatcher: Sendable, Equatable {
    /// Ids that may be the beginning of the tag.
    public private(set) var held: [Int32] = []

    /// A matcher at the start of a stream.
    public init() {}

    /// Takes an id.
    ///
    /// - Parameters:
    ///   - id: The id that follows.
    ///   - tag: What is looked for, at least one id.
    ///   - release: Called with each id that turns out to be none of the tag, in order.
    /// - Returns: Whether the tag is complete; nothing is held then.
    public mutating func append(
        _ id: Int32, tag: [Int32], release: (Int32) -> Void
    ) -> Bool {
        held.append(id)
        while !held.isEmpty {
            if held == tag {
                held.removeAll()
                return true
            }
            if tag.starts(with: held) { return false }
            release(held.removeFirst())
        }
        return false
    }

    /// Whether only the tag's last id is missing.
    func lacksOnlyLast(of tag: [Int32]) -> Bool {
        held.count + 1 == tag.count && tag.starts(with: held)
    }
}
