/// What a family's weights take, and what loading them took so far.
public struct LoadingStatistics: Sendable, Equatable {
    /// Members whose weights are in memory.
    public var loaded = 0
    /// Bytes of those weights, mapped ones included.
    public var byteCount = 0
    /// Bytes that they may take; nil without a limit.
    public var limit: Int?
    /// Requests that wait for a member now.
    public var waiting = 0
    /// Members loaded or made so far, each time counted.
    public var loads = 0
    /// Loads that failed so far.
    public var failures = 0
    /// Members dropped so far to make room.
    public var drops = 0
    /// Seconds that loading took so far.
    public var seconds = 0.0

    /// Nothing loaded.
    public init() {}
}

/// Where a checkpoint's weights are.
public enum LoadingStatus: String, Sendable {
    /// On disk; a request for it loads them.
    case unloaded
    /// On their way.
    case loading
    /// In memory.
    case loaded
}
