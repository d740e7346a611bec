import Foundation
import Models

/// What `gradients.json` of a fixture holds.
struct GradientGolden: Decodable {
    struct Sequence: Decodable {
        let tokens: [Int32]
        let targets: [Int32]
        let weights: [Float]
    }

    struct Tensor: Decodable {
        let seed: UInt64
        let count: Int
        let norm: Double
        let sum: Double
        let dot: Double
        let first: [Double]
    }

    let loss: Double
    let sequences: [Sequence]
    let tensors: [String: Tensor]

    /// The sequences, packed in order.
    var batch: TokenBatch {
        var batch = TokenBatch()
        for sequence in sequences {
            batch.append(tokens: sequence.tokens, targets: sequence.targets)
        }
        return batch
    }

    /// The weight of each row of ``batch``.
    var weights: [Float] { sequences.flatMap(\.weights) }
}

extension Fixture {
    func gradients() throws -> GradientGolden {
        try JSONDecoder().decode(
            GradientGolden.self,
            from: Data(contentsOf: folder.appendingPathComponent("gradients.json")))
    }
}
