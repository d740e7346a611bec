/// What `family.json` says: the members, their prices, and what was measured of them.
public struct FamilyManifest: Sendable, Equatable, Codable {
    /// A member.
    public struct Member: Sendable, Equatable, Codable {
        /// The name that callers use.
        public var id: String
        /// Its folder, relative to the family's.
        public var path: String
        /// The length penalty it was trained with; nil for the base.
        public var alpha: Double?
        /// What its tokens cost.
        public var price: Price?
        /// What was measured, by difficulty.
        public var profile: [Level]?
        /// What turns a request into a forecast.
        public var predictor: Predictor?
        /// What turns a request and the probe's features into a better one; nil where they do not
        /// help.
        public var probePredictor: Predictor?

        /// A member; see the properties.
        public init(
            id: String, path: String, alpha: Double?, price: Price? = nil,
            profile: [Level]? = nil, predictor: Predictor? = nil,
            probePredictor: Predictor? = nil
        ) {
            self.id = id
            self.path = path
            self.alpha = alpha
            self.price = price
            self.profile = profile
            self.predictor = predictor
            self.probePredictor = probePredictor
        }
    }

    /// What was measured at one difficulty.
    public struct Level: Sendable, Equatable, Codable {
        /// Its name.
        public var difficulty: String
        /// Problems asked.
        public var problems: Int
        /// The share that came right.
        public var accuracy: Double
        /// Where that lies with 95 % confidence.
        public var accuracyInterval: Range
        /// New tokens of the thought.
        public var reasoningTokens: Distribution
        /// New tokens of the answer.
        public var answerTokens: Distribution
        /// New tokens.
        public var tokens: Distribution
        /// What remained under ceilings on the thought.
        public var caps: [Cap]

        /// A level; see the properties.
        public init(
            difficulty: String, problems: Int, accuracy: Double, accuracyInterval: Range,
            reasoningTokens: Distribution, answerTokens: Distribution, tokens: Distribution,
            caps: [Cap]
        ) {
            self.difficulty = difficulty
            self.problems = problems
            self.accuracy = accuracy
            self.accuracyInterval = accuracyInterval
            self.reasoningTokens = reasoningTokens
            self.answerTokens = answerTokens
            self.tokens = tokens
            self.caps = caps
        }
    }

    /// From `low` to `high`.
    public struct Range: Sendable, Equatable, Codable {
        /// Its lower end.
        public var low: Double
        /// Its upper end.
        public var high: Double

        /// A range.
        public init(low: Double, high: Double) {
            self.low = low
            self.high = high
        }
    }

    /// How a count of tokens is distributed.
    public struct Distribution: Sendable, Equatable, Codable {
        /// The mean.
        public var mean: Double
        /// The least.
        public var least: Double
        /// Half took no more.
        public var p50: Double
        /// Nine tenths took no more.
        public var p90: Double
        /// 99 of 100 took no more.
        public var p99: Double

        /// A distribution.
        public init(mean: Double, least: Double, p50: Double, p90: Double, p99: Double) {
            self.mean = mean
            self.least = least
            self.p50 = p50
            self.p90 = p90
            self.p99 = p99
        }
    }

    /// The accuracy that a ceiling on the thought leaves.
    public struct Cap: Sendable, Equatable, Codable {
        /// The ceiling in tokens.
        public var reasoningTokens: Int
        /// The ceiling as a share of the median thought.
        public var share: Double
        /// The share that came right.
        public var accuracy: Double
        /// The share whose thought was closed.
        public var closed: Double

        /// An accuracy under a ceiling.
        public init(reasoningTokens: Int, share: Double, accuracy: Double, closed: Double) {
            self.reasoningTokens = reasoningTokens
            self.share = share
            self.accuracy = accuracy
            self.closed = closed
        }
    }

    /// The name of the file in a family's folder.
    public static let fileName = "family.json"

    /// The family's name.
    public var name: String
    /// The member the others were trained from.
    public var base: String?
    /// What measurements were sampled with.
    public var temperature: Double?
    /// The ceiling that measurements ran under.
    public var maximumTokens: Int?
    /// What reads a prompt's hidden state; nil where that helps no member's forecast.
    public var probe: Probe?
    /// The members, lightest penalty first, the base last.
    public var members: [Member]

    /// A family; see the properties.
    public init(
        name: String, base: String?, temperature: Double? = nil, maximumTokens: Int? = nil,
        probe: Probe? = nil, members: [Member]
    ) {
        self.name = name
        self.base = base
        self.temperature = temperature
        self.maximumTokens = maximumTokens
        self.probe = probe
        self.members = members
    }

    /// The member whose prefill costs least: the lowest price, then the heaviest penalty.
    ///
    /// - Parameter price: What all of them cost; nil for what the manifest says.
    /// - Returns: Its name; nil for a family of none.
    public func cheapestMember(at price: Price? = nil) -> String? {
        members.min { left, right in
            let (one, other) = (price ?? left.price, price ?? right.price)
            return ((one ?? .perToken).completion, -(left.alpha ?? -1))
                < ((other ?? .perToken).completion, -(right.alpha ?? -1))
        }?.id
    }
}
