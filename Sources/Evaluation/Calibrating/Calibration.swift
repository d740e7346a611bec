public import Routing

/// What calibration measured of a family: samples without a ceiling, and under ceilings.
public struct Calibration: Sendable {
    /// Samples of one member at one difficulty under one ceiling on the thought.
    public struct Capped: Sendable {
        /// Who answered.
        public var member: String
        /// How hard the problems are.
        public var difficulty: String
        /// The ceiling, as a share of the median thought.
        public var share: Double
        /// The ceiling in tokens.
        public var reasoningTokens: Int
        /// What came.
        public var records: [SampleRecord]

        /// Samples under one ceiling.
        public init(
            member: String, difficulty: String, share: Double, reasoningTokens: Int,
            records: [SampleRecord]
        ) {
            self.member = member
            self.difficulty = difficulty
            self.share = share
            self.reasoningTokens = reasoningTokens
            self.records = records
        }
    }

    /// Ceilings that are measured, as shares of the median thought.
    public static let shares = [0.125, 0.25, 0.5, 1]

    /// The problems, by id.
    public var problems: [String: Problem]
    /// What was asked, with the question in it.
    public var settings: EvaluationSettings
    /// Samples without a ceiling on the thought.
    public var uncapped: [SampleRecord]
    /// Samples under ceilings.
    public var capped: [Capped]
    /// What a probe is made from; nil for none.
    public var hidden: HiddenStates?

    /// What was measured.
    public init(
        problems: [Problem], settings: EvaluationSettings, uncapped: [SampleRecord],
        capped: [Capped]
    ) {
        self.problems = Dictionary(
            problems.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.settings = settings
        self.uncapped = uncapped
        self.capped = capped
    }

    /// The records without a ceiling of one member, by difficulty.
    private func levels(of member: String) -> [String: [SampleRecord]] {
        Dictionary(grouping: uncapped.filter { $0.key.member == member }) {
            Self.name(of: $0.difficulty)
        }
    }

    /// A member with what was measured of it, prices left as they are.
    ///
    /// - Parameter member: The member as the family has it.
    /// - Returns: The member with its profile.
    public func profiled(_ member: FamilyManifest.Member) -> FamilyManifest.Member {
        var member = member
        member.profile = levels(of: member.id).sorted { Self.comesFirst($0.value, $1.value) }.map {
            name, records in
            level(name, records, of: member.id)
        }
        return member
    }

    /// The probe that the hidden states make, with all directions that a predictor may take.
    func probe() -> Probe? {
        guard let hidden else { return nil }
        let vectors = problems.keys.sorted().flatMap { hidden.values[$0] ?? [] }
        let directions = PrincipalDirections.directions(
            of: vectors, count: CrossFit.mostProbeFeatures)
        return directions.isEmpty
            ? nil : Probe(member: hidden.member, directions: directions)
    }

    /// What foretells a member's answers, and how well; nil for too few of them.
    func predictors(
        of member: String, probe: Probe?
    ) -> (text: CrossFit.Result, probe: CrossFit.Result?)? {
        CrossFit.results(
            of: examples(uncapped.filter { $0.key.member == member }, probe: probe),
            textCount: PromptFeatures.names.count,
            closings: closings(levels(of: member), of: member))
    }

    /// The name that profiles know a difficulty by.
    static func name(of difficulty: Difficulty?) -> String {
        difficulty.map { "\($0)" } ?? "all"
    }

    /// Easier first: the one with fewer tokens.
    private static func comesFirst(_ left: [SampleRecord], _ right: [SampleRecord]) -> Bool {
        guard let one = left.first?.difficulty, let other = right.first?.difficulty else {
            return left.first?.difficulty != nil
        }
        return one < other
    }

    private func level(
        _ name: String, _ records: [SampleRecord], of member: String
    ) -> FamilyManifest.Level {
        let accuracy = Self.accuracy(records)
        let interval = Interval.wilson(
            share: accuracy, count: Set(records.map(\.key.problem)).count)
        return FamilyManifest.Level(
            difficulty: name, problems: Set(records.map(\.key.problem)).count,
            accuracy: Self.rounded(accuracy),
            accuracyInterval: .init(
                low: Self.rounded(interval.low), high: Self.rounded(interval.high)),
            reasoningTokens: Self.distribution(records.map(\.response.reasoningTokens)),
            // What was cut tells nothing of how long an answer is.
            answerTokens: Self.distribution(
                records.filter { $0.response.finish == .stop }
                    .map { $0.response.completionTokens - $0.response.reasoningTokens }),
            tokens: Self.distribution(records.map(\.response.completionTokens)),
            caps: capped.filter { $0.member == member && $0.difficulty == name }.map { entry in
                FamilyManifest.Cap(
                    reasoningTokens: entry.reasoningTokens, share: entry.share,
                    accuracy: Self.rounded(Self.accuracy(entry.records)),
                    closed: Self.rounded(
                        Double(closed(entry).count) / Double(max(entry.records.count, 1))))
            })
    }

    /// The records of a capped run whose thought was closed early: the same seed, without a
    /// ceiling, thought longer.
    private func closed(_ entry: Capped) -> [SampleRecord] {
        let free = Dictionary(
            uncapped.map { ($0.key, $0.response.reasoningTokens) },
            uniquingKeysWith: { first, _ in first })
        return entry.records.filter { (free[$0.key] ?? 0) > entry.reasoningTokens }
    }

    private func closings(
        _ levels: [String: [SampleRecord]], of member: String
    ) -> [Forecast.Closing] {
        Self.shares.compactMap { share in
            var (places, verdicts): ([Double], [Double]) = ([], [])
            for entry in capped where entry.member == member && entry.share == share {
                let whole = (levels[entry.difficulty] ?? []).map {
                    Double($0.response.completionTokens)
                }.sorted()
                let median = max(Statistics.quantile(0.5, of: whole), 1)
                for record in closed(entry) {
                    places.append(Double(record.response.completionTokens) / median)
                    verdicts.append(record.isCorrect ? 1 : 0)
                }
            }
            guard !places.isEmpty else { return nil }
            return Forecast.Closing(
                share: Self.rounded(max(Statistics.mean(places), 1e-3)),
                accuracy: Self.rounded(Statistics.mean(verdicts)))
        }.rising()
    }

    /// Each answer with its question's features, bare and as it was put: callers put it either way.
    private func examples(
        _ records: [SampleRecord], probe: Probe?
    ) -> [PredictorFit.Example] {
        let groups = Dictionary(
            uniqueKeysWithValues: problems.keys.sorted().enumerated().map { ($1, $0) })
        return records.flatMap { record -> [PredictorFit.Example] in
            guard let problem = problems[record.key.problem], let group = groups[problem.id] else {
                return []
            }
            let states = hidden?.values[problem.id] ?? []
            return settings.wordings(of: problem).enumerated().map { wording, text in
                let state = wording < states.count ? probe?.features(of: states[wording]) : nil
                return PredictorFit.Example(
                    group: group, features: PromptFeatures.values(of: text) + (state ?? []),
                    tokens: record.response.completionTokens, isCorrect: record.isCorrect)
            }
        }
    }

    private static func accuracy(_ records: [SampleRecord]) -> Double {
        Statistics.mean(records.map { $0.isCorrect ? 1 : 0 })
    }

    private static func distribution(_ counts: [Int]) -> FamilyManifest.Distribution {
        let sorted = counts.map(Double.init).sorted()
        func quantile(_ share: Double) -> Double { rounded(Statistics.quantile(share, of: sorted)) }
        return FamilyManifest.Distribution(
            mean: rounded(Statistics.mean(sorted)), least: sorted.first ?? 0, p50: quantile(0.5),
            p90: quantile(0.9), p99: quantile(0.99))
    }

    private static func rounded(_ value: Double) -> Double {
        (value * 1e4).rounded() / 1e4
    }
}

extension [Forecast.Closing] {
    /// Those whose share is above that of the one before.
    fileprivate func rising() -> [Forecast.Closing] {
        sorted { $0.share < $1.share }.reduce(into: []) { kept, next in
            if next.share > kept.last?.share ?? 0 { kept.append(next) }
        }
    }
}
