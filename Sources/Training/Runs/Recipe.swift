public import Routing

/// Everything that a family follows from: the file that `laconic train family` takes.
///
/// The file is JSON whose keys are these properties' names in snake case. All of them must be
/// there and no others, so that a recipe says what happened and a misspelt setting is found.
public struct Recipe: Codable, Sendable, Equatable {
    /// The family's name.
    public var name: String
    /// What problems, order, first parameters and samples follow from.
    public var seed: UInt64
    /// The tokenizer.
    public var vocabulary: Vocabulary
    /// The network.
    public var network: Network
    /// How questions are put.
    public var wording: Wording
    /// Learning from worked solutions.
    public var supervised: Supervised
    /// Learning from rewards.
    public var reinforcement: Reinforcement
    /// What is measured at the end.
    public var evaluation: Evaluation

    /// How the tokenizer is made.
    public struct Vocabulary: Codable, Sendable, Equatable {
        /// The most tokens, special ones included.
        public var size: Int
        /// How often a pair of tokens must occur to become one.
        public var minimumFrequency: Int
        /// Questions and solutions that are counted.
        public var examples: Int
    }

    /// The shape of the network: Qwen2's, with the embedding for its output matrix.
    public struct Network: Codable, Sendable, Equatable {
        /// Width of the residual stream.
        public var hiddenSize: Int
        /// Width of the feed-forward layer.
        public var intermediateSize: Int
        /// Transformer blocks.
        public var layers: Int
        /// Query heads.
        public var heads: Int
        /// Key and value heads.
        public var keyValueHeads: Int
        /// Rows of the embedding, at least the vocabulary's size.
        public var vocabularyRows: Int
        /// The longest sequence, in tokens.
        public var context: Int
        /// The base of the rotary angles.
        public var ropeTheta: Double
    }

    /// How questions are put.
    public struct Wording: Codable, Sendable, Equatable {
        /// How many of a hundred come with the paper's instruction; the others stand alone.
        public var instructionPercent: Int

        /// Every question with the instruction, as models of general use are asked.
        public static let instructed = Wording(instructionPercent: 100)
    }

    /// How often problems of each tier come, by weight.
    public struct Mix: Codable, Sendable, Equatable {
        /// Weight of the easy tier.
        public var easy: Int
        /// Weight of the medium tier.
        public var medium: Int
        /// Weight of the hard tier.
        public var hard: Int
    }

    /// What is measured at the end.
    public struct Evaluation: Codable, Sendable, Equatable {
        /// What the problems follow from: no training run draws from it, nor any look at one.
        public var seed: UInt64
        /// Problems of each tier, from the test split.
        public var testProblems: Int
        /// What the members' tokens cost, for their profile.
        public var price: Price
        /// Problems of each tier, from the calibration split, for the profile.
        public var calibrationProblems: Int
        /// Sampling temperature.
        public var temperature: Double
        /// Ceiling on the tokens of a response.
        public var maximumTokens: Int
    }
}
