/// How text is cut into pieces that are encoded each on its own: stages, each cutting what the
/// one before left.
struct PreTokenizer: Sendable {
    /// What becomes of the matches of a splitter.
    enum Behavior: String, Sendable {
        case isolated = "Isolated"
        case removed = "Removed"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    /// Where `Metaspace` puts its mark before a piece that has none.
    enum PrependScheme: String, Sendable {
        case first, never, always
    }

    /// One step.
    enum Stage: Sendable {
        /// Cuts at the matches.
        case split(Splitter, Behavior, inverted: Bool)
        /// Puts a space before a piece that does not begin with one.
        case prefixSpace
        /// Replaces spaces by a mark, and may cut before each mark.
        case metaspace(mark: String, PrependScheme, splits: Bool)
    }

    var stages: [Stage] = []
    /// The pieces are encoded byte by byte.
    var isByteLevel = false
}
