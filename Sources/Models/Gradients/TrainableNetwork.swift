public import Checkpoints
import Foundation
public import Kernels

/// A network in f32 whose parameters can be trained: forward and backward passes over packed
/// sequences.
///
/// The parameters are one flat buffer, the gradients another of the same layout, so that an
/// optimiser needs to know nothing of layers. Confined to one thread at a time; the work is done
/// by the pool of its kernels. Results depend on the parameters and the batch alone: not on the
/// number of threads.
public final class TrainableNetwork {
    /// What the network looks like.
    public let config: ModelConfig
    /// Where each tensor lies in `parameters` and `gradients`.
    public let layout: ParameterLayout
    /// The parameters, `[layout.count]`.
    public let parameters: FloatBuffer
    /// What ``backward(_:weigh:)`` adds to, `[layout.count]`; cleared by the caller.
    public let gradients: FloatBuffer
    /// The operations and their threads.
    public let kernels: KernelContext
    /// The most tokens of a batch.
    public var rowCapacity: Int { space.rowCount }

    let weights: NetworkParameters
    let slopes: NetworkParameters
    let space: Activations
    /// Cosines and sines of all positions, and the same with the sines negated: the transposed
    /// rotation, which gradients go through.
    let rotation: (forward: RotaryTable, backward: RotaryTable)
    let scale: Float

    /// Makes a network whose parameters are all 0.
    ///
    /// - Parameters:
    ///   - config: What it looks like.
    ///   - kernels: The operations to compute with.
    ///   - rowCapacity: The most tokens of a batch; memory grows with it, see
    ///     ``activationByteCount(config:rowCount:)``.
    ///   - longestSequence: The most tokens of a sequence; nil is the model's context or the
    ///     batch, whichever is less.
    public init(
        config: ModelConfig, kernels: KernelContext, rowCapacity: Int, longestSequence: Int? = nil
    ) {
        precondition(rowCapacity > 0, "\(rowCapacity) rows")
        self.config = config
        self.kernels = kernels
        layout = ParameterLayout(config)
        parameters = FloatBuffer(count: layout.count)
        gradients = FloatBuffer(count: layout.count)
        weights = NetworkParameters(parameters, layout, config)
        slopes = NetworkParameters(gradients, layout, config)
        space = Activations(config, rowCount: rowCapacity)
        let positions = longestSequence ?? min(config.contextLength, rowCapacity)
        let table = RotaryTable(config, positionCount: positions)
        rotation = (table, table.transposed())
        // transformers computes head_dim ** -0.5 in f64.
        scale = Float(pow(Double(config.headSize), -0.5))
    }

    /// Takes a checkpoint's weights, whatever their stored type.
    ///
    /// Pairs of a head that are neighbours in the file become its halves, so that the parameters
    /// are always those of a Hugging Face checkpoint, and `config` says so.
    ///
    /// - Parameters:
    ///   - checkpoint: Of a served architecture.
    ///   - kernels: The operations to compute with.
    ///   - rowCapacity: The most tokens of a batch.
    ///   - longestSequence: The most tokens of a sequence; nil as above.
    /// - Throws: `ModelError` for everything in the checkpoint that does not fit.
    public convenience init(
        _ checkpoint: Checkpoint, kernels: KernelContext, rowCapacity: Int,
        longestSequence: Int? = nil
    ) throws(ModelError) {
        var config = try ModelConfig(checkpoint)
        let reorders = config.rotary.pairing == .neighbours
        config.rotary.pairing = .halves
        self.init(
            config: config, kernels: kernels, rowCapacity: rowCapacity,
            longestSequence: longestSequence)
        let binding = try WeightBinding(checkpoint: checkpoint, config: config)
        for slot in WeightSlot.all(of: config) {
            let tensor = try binding.stored(slot)
            var values = tensor.floats()
            if reorders, slot.isRotated { values = halves(values, rows: tensor.shape[0]) }
            parameters.set(values, at: layout.range(slot).lowerBound)
            checkpoint.discardPages(of: tensor)
        }
    }

    /// The rows of queries or keys with pairs `i, i + headSize / 2` instead of `2 i, 2 i + 1`.
    private func halves(_ values: [Float], rows: Int) -> [Float] {
        let (size, columns) = (config.headSize, values.count / rows)
        return (0..<rows).flatMap { row in
            let (head, place) = row.quotientAndRemainder(dividingBy: size)
            let source = head * size + 2 * (place % (size / 2)) + place / (size / 2)
            return values[source * columns..<(source + 1) * columns]
        }
    }

    /// Bytes of activations that a pass keeps: what `rowCapacity` costs besides the parameters.
    ///
    /// Per token and layer 4 hidden states, queries, keys and values (twice under query and key
    /// norms), attention's output and 3 intermediate states; gradients of one layer; 8 MiB of
    /// logits.
    ///
    /// - Parameters:
    ///   - config: What the network looks like.
    ///   - rowCount: Tokens of a batch.
    /// - Returns: The bytes.
    public static func activationByteCount(config: ModelConfig, rowCount: Int) -> Int {
        Activations.byteCount(config, rowCount: rowCount)
    }

    /// Floating-point operations of the matrix products of a forward and backward pass, a
    /// multiply-add counted as two, attention left out.
    public var matrixOperationsPerToken: Int {
        let matrices = layout.entries.filter { $0.role == .matrix }.reduce(0) {
            $0 + $1.range.count
        }
        return 6 * (matrices + config.vocabularySize * config.hiddenSize)
    }
}

extension WeightSlot {
    /// Whether positions turn what the tensor gives.
    fileprivate var isRotated: Bool {
        guard case .layer(_, let part) = self else { return false }
        return [.query, .key, .queryBias, .keyBias].contains(part)
    }
}

extension RotaryTable {
    /// Cosines and sines as the served network computes them: the angle is a product in f32.
    init(_ config: ModelConfig, positionCount: Int) {
        let frequencies = config.rotary.frequencies(headSize: config.headSize)
        let factor = config.rotary.attentionFactor
        let cosine = FloatMatrix(rows: positionCount, columns: frequencies.count)
        let sine = FloatMatrix(rows: positionCount, columns: frequencies.count)
        for position in 0..<positionCount {
            let angles = frequencies.map { Float(position) * $0 }
            cosine.setRow(position, to: angles.map { cos($0) * factor })
            sine.setRow(position, to: angles.map { sin($0) * factor })
        }
        self.init(cosine: cosine, sine: sine)
    }

    /// The rotation back; under a scaling of the angles' sizes, the transpose of the rotation.
    func transposed() -> RotaryTable {
        let negated = FloatMatrix(rows: sine.rows, columns: sine.columns)
        for row in 0..<sine.rows {
            negated.setRow(row, to: sine.row(row).map { -$0 })
        }
        return RotaryTable(cosine: cosine, sine: negated)
    }
}
