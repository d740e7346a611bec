/// How much work one comparison may cost.
///
/// The work is counted, not timed, so that a verdict never depends on the machine.
public struct GradingLimits: Sendable, Hashable {
    /// Longest answer that is parsed, in UTF-8 bytes; a longer one is only compared as text.
    public var maximumByteCount: Int

    /// Deepest nesting of groups, commands and signs that is parsed.
    public var maximumNesting: Int

    /// Most elementary steps of one comparison: tokens read, terms multiplied, values sampled.
    public var maximumStepCount: Int

    /// Sets the limits; the defaults keep any comparison far below 50 ms in a release build.
    ///
    /// - Parameters:
    ///   - maximumByteCount: Longest answer that is parsed, in UTF-8 bytes.
    ///   - maximumNesting: Deepest nesting that is parsed.
    ///   - maximumStepCount: Most elementary steps of one comparison.
    public init(
        maximumByteCount: Int = 4_096, maximumNesting: Int = 48, maximumStepCount: Int = 150_000
    ) {
        self.maximumByteCount = maximumByteCount
        self.maximumNesting = maximumNesting
        self.maximumStepCount = maximumStepCount
    }
}
