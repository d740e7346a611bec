/// Where every parameter of a network lies in one flat run of f32.
///
/// Tensors follow each other without gaps, in the order of the layers, those that one product reads
/// side by side:
///
///     [ embedding | norm | q k v | o | biases | norms | gate up | down | biases | ... | norm | head ]
///                  layer 0                                                      ...
public struct ParameterLayout: Sendable, Equatable {
    /// One tensor.
    public struct Entry: Sendable, Equatable {
        /// Its name in a Hugging Face checkpoint.
        public let name: String
        /// Its dimensions, outermost first; `[outFeatures, inFeatures]` for a linear layer.
        public let shape: [Int]
        /// Its elements in the flat run.
        public let range: Range<Int>
        /// What kind of layer it belongs to.
        public let role: Role
    }

    /// What an optimiser may treat apart.
    public enum Role: Sendable, Equatable {
        /// Rows of vectors, one a token: the embedding and the output matrix.
        case embedding
        /// A matrix between hidden states.
        case matrix
        /// A norm's weight or a bias.
        case vector
    }

    /// The tensors, ascending.
    public let entries: [Entry]
    /// Floats in all.
    public let count: Int
    private let ranges: [WeightSlot: Range<Int>]

    /// Lays a network out.
    ///
    /// - Parameter config: What the network looks like.
    public init(_ config: ModelConfig) {
        var entries: [Entry] = []
        var ranges: [WeightSlot: Range<Int>] = [:]
        var end = 0
        for slot in WeightSlot.all(of: config) {
            let shape = slot.shape(in: config)
            let range = end..<end + shape.reduce(1, *)
            end = range.upperBound
            ranges[slot] = range
            entries.append(
                Entry(
                    name: slot.name(.huggingFace), shape: shape, range: range, role: slot.role))
        }
        self.entries = entries
        self.ranges = ranges
        count = end
    }

    /// Where a tensor lies; it must exist in the network.
    func range(_ slot: WeightSlot) -> Range<Int> {
        guard let range = ranges[slot] else { preconditionFailure("no \(slot) in this network") }
        return range
    }
}

extension WeightSlot {
    fileprivate var role: ParameterLayout.Role {
        switch self {
        case .embedding, .output: .embedding
        case .outputNorm: .vector
        case .layer(_, let part):
            switch part {
            case .query, .key, .value, .attentionOutput, .gate, .up, .down: .matrix
            default: .vector
            }
        }
    }
}
