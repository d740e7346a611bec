import Checkpoints
import Foundation
import Inference
public import Kernels
import Models

/// A checkpoint between two members of a family: each weight on the line from one to the other.
///
/// Members are fine-tunes of one base and lie near each other, so the line between two passes
/// through networks that work (Wortsman et al.: Robust fine-tuning of zero-shot models, 2022,
/// arXiv 2109.01903).
public struct Interpolation: Sendable {
    /// The checkpoint that a share of 0 is.
    public var first: String
    /// The checkpoint that a share of 1 is.
    public var second: String
    /// How far from the first to the second, 0 to 1.
    public var share: Double

    /// A checkpoint between two.
    public init(first: String, second: String, share: Double) {
        self.first = first
        self.second = second
        self.share = share
    }

    /// Writes the checkpoint as a Hugging Face folder, bf16.
    ///
    /// - Parameters:
    ///   - path: Where; what is there is replaced.
    ///   - kernels: The operations to compute with.
    /// - Throws: `TrainingError` where the two are not of one family or the disk fails.
    public func write(to path: String, kernels: KernelContext) throws(TrainingError) {
        guard (0...1).contains(share) else {
            throw .setting(name: "share", expected: "0 to 1", found: "\(share)")
        }
        let one = try StartingPoint(first, longestSequence: 1, setting: "a sequence")
        let other = try StartingPoint(second, longestSequence: 1, setting: "a sequence")
        let network = try one.network(kernels: kernels, rowCapacity: 1)
        let target = try other.network(kernels: kernels, rowCapacity: 1)
        guard network.config == target.config,
            one.companions.files[.tokenizer] == other.companions.files[.tokenizer]
        else {
            throw .start(
                "\(first) and \(second) are not of one family: their configurations or tokenizers "
                    + "differ")
        }
        let whole = 0..<network.layout.count
        let buffer = FloatBuffer(count: whole.count)
        do {
            let first = try TensorView(network.parameters.floats(whole), shape: [whole.count])
            let second = try TensorView(target.parameters.floats(whole), shape: [whole.count])
            buffer.set(try first.mixed(with: second, share: share, as: .f32).floats())
        } catch {
            throw .start("\(error)")
        }
        try CheckpointFolder(path: path).write(network, buffer, companions: one.companions)
    }
}
