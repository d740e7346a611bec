/// How much a template may cost before it is refused.
public struct TemplateLimits: Sendable, Equatable {
    /// What a limit counts.
    public enum Resource: String, Sendable, Equatable {
        /// Evaluated nodes, iterated items and, at 64 bytes each, produced text.
        case steps
        /// Bytes of UTF-8 in the result or in any one string on the way there.
        case outputBytes
        /// Levels of brackets, blocks, calls and data inside one another.
        case nesting
        /// Bytes of UTF-8 in the template or the JSON text.
        case sourceBytes
    }

    /// The most steps one rendering may take.
    public var maximumSteps: Int
    /// The most bytes a rendering, or any string on the way there, may have.
    public var maximumOutputBytes: Int
    /// The deepest nesting of source, of data and of calls; larger values need larger stacks.
    public var maximumNesting: Int
    /// The most bytes a template's source may have.
    public var maximumSourceBytes: Int

    /// Limits that every published chat template stays far below.
    public static let `default` = TemplateLimits()

    /// Limits with the given ceilings.
    public init(
        maximumSteps: Int = 5_000_000,
        maximumOutputBytes: Int = 16 << 20,
        maximumNesting: Int = 64,
        maximumSourceBytes: Int = 1 << 20
    ) {
        self.maximumSteps = maximumSteps
        self.maximumOutputBytes = maximumOutputBytes
        self.maximumNesting = maximumNesting
        self.maximumSourceBytes = maximumSourceBytes
    }
}
