/// Whose a key is, what it may ask for and how much of it.
public struct Account: Sendable, Equatable {
    /// An amount that may be spent in each period.
    public struct Quota: Sendable, Equatable {
        /// The amount: cost in the operator's unit, or tokens.
        public var limit: Double
        /// When it is whole again.
        public var period: QuotaPeriod

        /// So much in each period.
        public init(limit: Double, period: QuotaPeriod) {
            self.limit = limit
            self.period = period
        }

        /// The limit as files and tables have it: without a point where it is whole.
        public var limitText: String { Int(exactly: limit).map(String.init) ?? "\(limit)" }
    }

    /// What logs and the ledger call it; unique in a file.
    public var name: String
    /// What is kept of the key.
    public var digest: KeyDigest
    /// Requests in a minute; nil does not count them.
    public var requestsPerMinute: Int?
    /// Requests at a time; nil does not count them.
    public var concurrency: Int?
    /// What its completions may cost.
    public var spend: Quota?
    /// Tokens of its prompts, thoughts and answers.
    public var tokens: Quota?
    /// The models that may answer it; nil are all.
    public var models: Set<String>?
    /// Whether it sees everybody's usage.
    public var isAdmin = false

    /// An account without limits.
    public init(name: String, digest: KeyDigest) {
        self.name = name
        self.digest = digest
    }

    /// Whether a model of this name may answer; every name may be asked for that is none, such as
    /// that which leaves the choice to the server.
    ///
    /// - Parameter model: The model's name.
    /// - Returns: Whether it is on the list, or there is no list.
    public func allows(model: String) -> Bool {
        models?.contains(model) ?? true
    }

    /// Whether some of what is spent has a limit.
    var hasQuota: Bool { spend != nil || tokens != nil }
}
