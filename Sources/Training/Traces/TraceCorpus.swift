public import Evaluation

/// An endless list of problems to learn from, each with a worked solution.
///
/// Everything is from the `train` split. An element follows from the seed and its index alone, so
/// any can be made without those before it, in any order and on any thread.
public struct TraceCorpus: Sendable {
    /// A problem and its solution.
    public struct Example: Sendable, Equatable {
        /// What is asked; `question` is the prompt.
        public var problem: ArithmeticProblem
        /// What is to be answered.
        public var trace: Trace
    }

    private let seed: UInt64
    private let generator: ProblemGenerator
    /// Each tier as often as it weighs.
    private let tiers: [Tier]

    /// The list of a seed.
    ///
    /// - Parameters:
    ///   - seed: What all follows from.
    ///   - mix: How often each tier comes, by weight from 0 to 1000; a tier not named has 0.
    /// - Throws: `TrainingError.setting` when a weight is out of range, or all are 0.
    public init(seed: UInt64, mix: [Tier: Int]) throws(TrainingError) {
        for (tier, weight) in mix where !(0...1000).contains(weight) {
            throw .setting(
                name: "mix, tier \(tier.rawValue)", expected: "a weight from 0 to 1000",
                found: "\(weight)")
        }
        self.seed = seed
        generator = ProblemGenerator(seed: seed)
        tiers = Tier.allCases.flatMap { Array(repeating: $0, count: mix[$0] ?? 0) }
        guard !tiers.isEmpty else {
            throw .setting(name: "mix", expected: "a tier with a weight above 0", found: "none")
        }
    }

    /// An element of the list.
    ///
    /// - Parameter index: Its place, from 0 on.
    /// - Returns: Always the same one for the same seed, mix and index.
    public func example(at index: UInt64) -> Example {
        var random = RandomSource(seed: seed, purpose: "trace", index: index)
        let problem = generator.problem(
            tier: random.element(of: tiers), split: .train, index: index)
        return Example(
            problem: problem, trace: TraceWriter.trace(of: problem, seed: random.bits()))
    }
}
