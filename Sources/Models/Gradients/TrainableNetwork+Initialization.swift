import Foundation
import Kernels

extension TrainableNetwork {
    /// Draws fresh parameters: matrices from normal distributions whose width keeps the size of
    /// activations, norms 1, biases 0.
    ///
    /// The standard deviation is `0.6 / sqrt(inFeatures)` for matrices, that divided by
    /// `sqrt(2 layerCount)` for those that add to the residual stream (as in GPT-2), and 0.02 for
    /// embeddings.
    ///
    /// - Parameter seed: The same seed gives the same parameters.
    public func initialize(seed: UInt64) {
        var generator = NormalGenerator(seed: seed)
        for slot in WeightSlot.all(of: config) {
            let shape = slot.shape(in: config)
            let count = shape.reduce(1, *)
            let values: [Float]
            switch slot {
            case .embedding, .output:
                values = (0..<count).map { _ in 0.02 * generator.next() }
            case .outputNorm:
                values = Array(repeating: 1, count: count)
            case .layer(_, let part):
                switch part {
                case .query, .key, .value, .gate, .up, .attentionOutput, .down:
                    var deviation = 0.6 / Float(shape[1]).squareRoot()
                    if part == .attentionOutput || part == .down {
                        deviation /= Float(2 * config.layerCount).squareRoot()
                    }
                    values = (0..<count).map { _ in deviation * generator.next() }
                case .attentionNorm, .feedForwardNorm, .queryNorm, .keyNorm:
                    values = Array(repeating: 1, count: count)
                default:
                    values = Array(repeating: 0, count: count)
                }
            }
            parameters.set(values, at: layout.range(slot).lowerBound)
        }
    }
}

/// Standard normal numbers that follow from a seed alone: SplitMix64 and the polar method.
private struct NormalGenerator {
    private var state: UInt64
    private var spare: Float?

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> Float {
        if let value = spare {
            spare = nil
            return value
        }
        while true {
            let (x, y) = (uniform(), uniform())
            let square = x * x + y * y
            guard square > 0, square < 1 else { continue }
            let factor = (-2 * log(square) / square).squareRoot()
            spare = Float(y * factor)
            return Float(x * factor)
        }
    }

    /// Uniform over (-1, 1).
    private mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Double(mixed >> 11) * 0x1p-52 - 1
    }
}
