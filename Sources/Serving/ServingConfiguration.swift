public import Accounts
public import HTTP

/// What the API allows and how it behaves.
public struct ServingConfiguration: Sendable {
    /// Web pages that may read the answers (CORS).
    public enum AllowedOrigins: Sendable, Equatable {
        /// Pages of every origin.
        case any
        /// Pages of these origins, each as browsers send it: `https://example.org`.
        case only(Set<String>)
    }

    /// The program's version, which stands nowhere else: the command line, the API and the Debian
    /// package tell it from here.
    public static let currentVersion = "0.1.0"

    /// Keys of which a request must carry one; nil asks for none.
    public var keys: KeyRing?
    /// Where the usage of keys is counted, and their quotas kept; nil counts nothing.
    public var ledger: UsageLedger?
    /// Whether `/metrics` answers without a key.
    public var opensMetrics = false
    /// The model of requests that name none; `nil` leaves it to the service.
    public var defaultModel: String?
    /// Web pages that may read the answers.
    public var allowedOrigins = AllowedOrigins.any
    /// How long a stream may be silent before a comment shows that it lives.
    public var keepAliveInterval = Duration.seconds(5)
    /// Age of the decode loop's heartbeat above which `/health` answers 503.
    public var heartbeatLimit = Duration.seconds(30)
    /// Largest request body in bytes; more is 413.
    public var maximumBodyByteCount = 16 << 20
    /// What a JSON body may cost.
    public var json = JSONLimits()
    /// The web page, given to whoever asks for a path that is no route; nil has none.
    public var files: StaticFiles?
    /// Most samples of one prompt (`n`).
    public var maximumSamples = 64
    /// Most choices of one request, over all of its prompts.
    public var maximumChoices = 256
    /// How `/v1/reward` rewards.
    public var rewards = RewardSettings()
    /// Where the line goes that every request leaves.
    public var accessLog = AccessLog.text
    /// Whether that line holds the prompt and the answer; else nothing does.
    public var logsPrompts = false
    /// Whether `/metrics` also has the names that autoscalers and gateways read from vLLM.
    public var speaksVLLMMetrics = false
    /// How many lines of the log were dropped so far because nobody took them.
    public var droppedLogLines: @Sendable () -> Int = { 0 }
    /// The version that `GET /` tells.
    public var version = Self.currentVersion

    /// The defaults.
    public init() {}
}
