/// Where the line goes that every request leaves.
public enum AccessLog: Sendable {
    /// Nowhere.
    case off
    /// To the logger, at level info.
    case text
    /// As one JSON object, without its line break, to whoever takes it.
    ///
    /// The taker is called on the threads that serve requests and must not wait.
    case json(@Sendable ([UInt8]) -> Void)
}
