/// Names one submitted sequence; never reused by its engine.
public struct SequenceID: Hashable, Sendable {
    let rawValue: UInt64
}
