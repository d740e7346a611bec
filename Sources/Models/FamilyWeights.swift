public import Checkpoints
public import Kernels
import Synchronization

/// The weights of a family's members, as many of them as are in memory.
///
/// Shared between the model that computes with them on its engine's thread and whoever loads and
/// drops members on others. Whoever gives the model work for a member answers for its weights being
/// there until that is done.
public final class FamilyWeights: Sendable {
    private let shape: ModelConfig
    private let networks = Mutex<[Int: Network]>([:])

    init(shape: ModelConfig) {
        self.shape = shape
    }

    /// Takes a member in from its checkpoint, in place of what was there.
    ///
    /// - Parameters:
    ///   - checkpoint: Its tensors, of the family's shape.
    ///   - member: Its number.
    ///   - format: What matrices are kept as.
    ///   - pool: Workers for the conversion; nil to use this thread alone.
    ///   - readsAhead: Whether mapped weights are read now, so that the first forward pass does not
    ///     wait for the disk.
    /// - Throws: `ModelError` for what is wrong with the checkpoint; the member is absent then.
    public func load(
        _ checkpoint: Checkpoint, as member: Int, in format: WeightFormat = .stored,
        using pool: WorkerPool? = nil, readsAhead: Bool = false
    ) throws(ModelError) {
        let config = try ModelConfig(checkpoint)
        try config.checkShape(equals: shape, member: member)
        let weights = try Weights(checkpoint, config: config, as: format, using: pool)
        if readsAhead { try checkpoint.readAhead(weights.matrices) }
        keep(Network(config: config, weights: weights), as: member)
    }

    /// Makes a member between two: each weight on the line from one to the other.
    ///
    /// - Parameters:
    ///   - first: The checkpoint that a share of 0 is.
    ///   - second: The checkpoint that a share of 1 is, of the same configuration.
    ///   - share: How far from the first to the second, 0 to 1.
    ///   - member: The number of what is made.
    ///   - format: What matrices are kept as.
    /// - Throws: `ModelError` for what is wrong with either; the member is absent then.
    public func mix(
        _ first: Checkpoint, _ second: Checkpoint, share: Double, as member: Int,
        in format: WeightFormat = .stored
    ) throws(ModelError) {
        let mixture = try WeightMixture(first, second, share: share, as: format)
        try mixture.config.checkShape(equals: shape, member: member)
        keep(Network(config: mixture.config, weights: try Weights(mixture)), as: member)
    }

    /// Gives a member's memory back; one that is absent is no error.
    public func drop(_ member: Int) {
        // The weights are freed here and not under the lock.
        _ = networks.withLock { $0.removeValue(forKey: member) }
    }

    /// Whether a member's weights are in memory.
    public func holds(_ member: Int) -> Bool {
        networks.withLock { $0[member] != nil }
    }

    func network(of member: Int) -> Network {
        guard let network = networks.withLock({ $0[member] }) else {
            preconditionFailure("member \(member) was to be computed and is not loaded")
        }
        return network
    }

    private func keep(_ network: Network, as member: Int) {
        networks.withLock { $0[member] = network }
    }
}

extension Checkpoint {
    /// Reads mapped weights; those that were converted lie elsewhere and are passed over.
    fileprivate func readAhead(_ matrices: [WeightMatrix]) throws(ModelError) {
        do throws(CheckpointError) {
            for matrix in matrices.compactMap(\.view) { try load(matrix) }
        } catch {
            throw .checkpoint(error)
        }
    }
}
