import Checkpoints
public import Kernels

extension TrainableNetwork {
    /// A model to decode with that has the parameters of this moment.
    ///
    /// The parameters are copied, so that training may go on while the model is in use.
    ///
    /// - Parameters:
    ///   - pool: The workers that the model computes on.
    ///   - options: Context and memory; weights are f32 unless it names another type.
    /// - Returns: A model that answers as member 0.
    /// - Throws: `ModelError` where the memory is too small.
    public func snapshot(
        pool: WorkerPool, options: ModelOptions
    ) throws(ModelError) -> sending Transformer {
        let weights = try Weights(ParameterSource(network: self))
        return try Transformer.serving(
            config: config, weights: weights, pool: pool, options: options,
            instructionSet: kernels.instructionSet)
    }

    /// The parameters as named tensors, in the order of `layout`.
    ///
    /// - Parameters:
    ///   - buffer: The parameters, or another buffer of the same layout; nil for the parameters.
    ///   - type: f32, f16 or bf16.
    /// - Returns: Copies, under the names of Hugging Face checkpoints.
    /// - Throws: `KernelError` where memory is missing.
    public func tensors(
        of buffer: FloatBuffer? = nil, as type: ElementType
    ) throws(KernelError) -> [(name: String, tensor: TensorView)] {
        let buffer = buffer ?? parameters
        precondition(buffer.count == layout.count, "\(buffer.count) of \(layout.count) floats")
        var tensors: [(name: String, tensor: TensorView)] = []
        for entry in layout.entries {
            let values = try TensorView(buffer.floats(entry.range), shape: entry.shape)
            tensors.append((entry.name, try values.converted(to: type)))
        }
        return tensors
    }
}

/// The parameters of a network, copied as they are asked for.
private struct ParameterSource: WeightSource {
    let network: TrainableNetwork

    var config: ModelConfig { network.config }

    func matrix(_ slot: WeightSlot) throws(ModelError) -> WeightMatrix {
        do throws(KernelError) {
            return .stored(try TensorView(values(slot), shape: slot.shape(in: config)))
        } catch {
            throw .kernels(error)
        }
    }

    func vector(_ slot: WeightSlot) throws(ModelError) -> [Float] {
        values(slot)
    }

    private func values(_ slot: WeightSlot) -> [Float] {
        network.parameters.floats(network.layout.range(slot))
    }
}
