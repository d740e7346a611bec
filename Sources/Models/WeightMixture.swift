import Checkpoints
import Kernels

/// Weights on the line between those of two checkpoints.
///
/// They have the type that they have in the first, and bf16 where that is quantised: a block
/// format's grid is made for the values it was fitted to.
struct WeightMixture {
    private let first: WeightBinding
    private let second: WeightBinding
    private let share: Double
    private let format: WeightFormat

    /// The type of a mixture of quantised weights, and that of checkpoints that training writes.
    static let plainType = ElementType.bf16

    /// Weights between two checkpoints of one configuration.
    init(
        _ first: Checkpoint, _ second: Checkpoint, share: Double, as format: WeightFormat = .stored
    ) throws(ModelError) {
        let config = try ModelConfig(first)
        guard try ModelConfig(second) == config else {
            throw .membersDiffer(
                member: 1, field: "configuration", expected: "that of \(first.location)",
                found: "another in \(second.location)")
        }
        self.first = try WeightBinding(checkpoint: first, config: config)
        self.second = try WeightBinding(checkpoint: second, config: config)
        self.share = share
        self.format = format
    }
}

extension WeightMixture: WeightSource {
    var config: ModelConfig { first.config }

    func matrix(_ slot: WeightSlot) throws(ModelError) -> WeightMatrix {
        let mixed = try mixed(slot)
        let form = format.form(
            of: slot, type: mixed.elementType, columns: mixed.columns, isSmall: true)
        return try mixed.weights(as: form, using: nil)
    }

    func vector(_ slot: WeightSlot) throws(ModelError) -> [Float] {
        try mixed(slot).floats()
    }

    private func mixed(_ slot: WeightSlot) throws(ModelError) -> TensorView {
        let (one, other) = (try first.read(slot), try second.read(slot))
        let type = one.elementType.isPlain ? one.elementType : Self.plainType
        let mixed: TensorView
        do throws(KernelError) {
            mixed = try one.mixed(with: other, share: share, as: type)
        } catch {
            throw .kernels(error)
        }
        // A NaN or an infinity of either is one of the mixture.
        guard mixed.firstNonFinite() == nil else {
            throw .invalidField(
                file: first.checkpoint.location, field: slot.name(first.checkpoint.naming),
                expected: "finite weights between these and those of "
                    + second.checkpoint.location,
                found: "others")
        }
        return mixed
    }
}

extension WeightBinding {
    /// The tensor as it lies in the file, once it was read from there.
    fileprivate func read(_ slot: WeightSlot) throws(ModelError) -> TensorView {
        let view = try stored(slot)
        do throws(CheckpointError) {
            try checkpoint.load(view)
        } catch {
            throw .checkpoint(error)
        }
        return view
    }
}
