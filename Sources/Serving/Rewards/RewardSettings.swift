/// How responses are rewarded where a request does not say otherwise, and what one may ask for.
public struct RewardSettings: Sendable {
    /// How strongly length is punished, in [0, 1).
    public var alpha = 0.1
    /// Members of a group that arrives one response a request.
    public var groupSize = 8
    /// How long such a response waits for the others; the trainers give up after 180 s.
    public var wait = Duration.seconds(120)
    /// Responses that may wait at once; more get 429.
    public var maximumWaiting = 8192
    /// Bytes of text that may wait at once; more get 429.
    public var maximumWaitingByteCount = 512 << 20
    /// Most responses of one request, over all of its groups.
    public var maximumResponses = 4096

    /// Members that a group may be asked to wait for.
    public static let groupSizes = 1...1024
    /// Seconds that a response may be asked to wait.
    public static let waitSeconds = 0.0...600.0

    /// The defaults.
    public init() {}
}
