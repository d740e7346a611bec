import Tokenization

/// Draws problems from a seed: the same seed, tier and split always give the same problems, and
/// the first n of a longer set are the shorter set.
public struct ProblemGenerator: Sendable {
    /// What is drawn at random, and how often (in a hundred, or by weight).
    private static let storyPercent = 80
    private static let packStartPercent = 30
    private static let kinds: [Kind] =
        Array(repeating: .add, count: 4) + Array(repeating: .subtract, count: 4)
        + [.double, .triple, .halve, .addPacks, .subtractPacks]

    private enum Kind {
        case add, subtract, double, triple, halve, addPacks, subtractPacks
    }

    /// What all follows from.
    public let seed: UInt64

    /// The generator of a seed.
    public init(seed: UInt64) {
        self.seed = seed
    }

    /// Problems of one tier and split, no computation twice.
    ///
    /// - Parameters:
    ///   - tier: How hard they are.
    ///   - split: What they are for.
    ///   - count: How many.
    /// - Returns: That many problems.
    /// - Throws: `EvaluationError.exhausted` when the split has too few different ones.
    public func problems(
        tier: Tier, split: Split, count: Int
    ) throws(EvaluationError) -> [ArithmeticProblem] {
        var hash = StableHash()
        hash.combine(seed)
        hash.combine(tier.rawValue)
        hash.combine(split.rawValue)
        var random = RandomSource(seed: hash.value)
        var problems: [ArithmeticProblem] = []
        var seen: Set<String> = []
        var misses = 0
        while problems.count < count {
            // A split is a tenth at least, so this many misses mean that nearly all are drawn.
            guard misses < 20_000 else {
                throw .exhausted(
                    tier: tier.rawValue, split: split.rawValue, wanted: count,
                    found: problems.count)
            }
            // Each candidate has its own source: how much one draws does not move the next.
            guard let problem = Self.candidate(tier, seed: random.bits()),
                problem.split == split, seen.insert(problem.computation).inserted
            else {
                misses += 1
                continue
            }
            misses = 0
            problems.append(problem)
        }
        return problems
    }

    /// One problem of an endless list, without those before it.
    ///
    /// Unlike in `problems(tier:split:count:)`, which draws others, a computation may come again.
    ///
    /// - Parameters:
    ///   - tier: How hard it is.
    ///   - split: What it is for.
    ///   - index: Its place in the list of this seed, tier and split.
    /// - Returns: Always the same problem for the same arguments.
    public func problem(tier: Tier, split: Split, index: UInt64) -> ArithmeticProblem {
        var random = RandomSource(
            seed: seed, purpose: "\(tier.rawValue) \(split.rawValue)", index: index)
        // Ends: a candidate falls into a split with a chance of a tenth at least.
        while true {
            if let problem = Self.candidate(tier, seed: random.bits()), problem.split == split {
                return problem
            }
        }
    }

    /// The problems as JSON lines that `ProblemSet` reads, with the split and the computation.
    ///
    /// - Parameters:
    ///   - tier: How hard they are.
    ///   - split: What they are for.
    ///   - count: How many.
    /// - Returns: One line each, without line feeds.
    /// - Throws: `EvaluationError.exhausted` when the split has too few different ones.
    public func lines(
        tier: Tier, split: Split, count: Int
    ) throws(EvaluationError) -> [String] {
        let problems = try problems(tier: tier, split: split, count: count)
        return problems.enumerated().map { index, problem in
            let number = String(index)
            let padding = String(repeating: "0", count: max(0, 5 - number.count))
            let id = "\(split.rawValue)-\(tier.rawValue)-s\(seed)-\(padding)\(number)"
            let fields = [
                ("id", id), ("question", problem.question), ("answer", "\(problem.answer)"),
                ("difficulty", tier.rawValue), ("split", split.rawValue),
                ("computation", problem.computation),
            ]
            return TemplateValue.object(
                fields.map { TemplateValue.Pair(key: $0, value: .string($1)) }
            ).json
        }
    }

    /// One problem of a tier; `nil` when its numbers do not work out.
    private static func candidate(_ tier: Tier, seed: UInt64) -> ArithmeticProblem? {
        var random = RandomSource(seed: seed)
        var room = random.number(in: tier.operationCounts)
        let isStory = random.happens(percent: storyPercent)
        var start = ArithmeticProblem.Start.number(random.number(in: tier.starts))
        if isStory, random.happens(percent: packStartPercent) {
            start = .packs(
                count: random.number(in: tier.packCounts),
                size: random.number(in: tier.packSizes))
            room -= 1
        }
        var total = start.total
        var operations: [ArithmeticProblem.Operation] = []
        var tries = 0
        while room > 0 {
            tries += 1
            guard tries <= 200 else { return nil }
            let operation = operation(tier, &random)
            guard operation.weight <= room, isSensible(operation, total),
                let next = operation(total), (0...tier.largestTotal).contains(next)
            else { continue }
            operations.append(operation)
            room -= operation.weight
            total = next
        }
        guard total <= tier.largestTotal else { return nil }
        let form: ArithmeticProblem.Form =
            isStory ? .story(Scenario(random: &random)) : .orders
        return ArithmeticProblem(
            tier: tier, start: start, operations: operations, form: form,
            wordingSeed: random.bits())
    }

    /// Whether somebody would do that: nothing cannot be doubled, and little is not halved.
    private static func isSensible(_ operation: ArithmeticProblem.Operation, _ total: Int) -> Bool {
        switch operation {
        case .double, .triple: total > 0
        case .halve: total > 4
        default: true
        }
    }

    private static func operation(
        _ tier: Tier, _ random: inout RandomSource
    ) -> ArithmeticProblem.Operation {
        switch random.element(of: kinds) {
        case .add: .add(random.number(in: tier.operands))
        case .subtract: .subtract(random.number(in: tier.operands))
        case .double: .double
        case .triple: .triple
        case .halve: .halve
        case .addPacks:
            .addPacks(
                count: random.number(in: tier.packCounts),
                size: random.number(in: tier.packSizes))
        case .subtractPacks:
            .subtractPacks(
                count: random.number(in: tier.packCounts),
                size: random.number(in: tier.packSizes))
        }
    }
}
