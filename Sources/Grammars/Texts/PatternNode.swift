/// What a regular expression says, as a tree.
indirect enum PatternNode: Sendable, Equatable {
    /// One character of a set.
    case character(CodePointSet)
    case sequence([PatternNode])
    case either([PatternNode])
    /// From `least` to `most` times, without bound if `most` is nil.
    case repeated(PatternNode, least: Int, most: Int?)
    /// `^`: nothing lies before.
    case start
    /// `$`: nothing follows.
    case finish
}
