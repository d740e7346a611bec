public import Checkpoints
public import Kernels

/// A decoder-only transformer over paged keys and values.
///
/// Owns its KV pages and scratch, and computes on the workers of its pool. Not `Sendable`: made
/// where it is loaded and handed over to the one engine that calls it.
public final class Transformer: LanguageModel {
    /// What the network looks like.
    public var config: ModelConfig { network.config }
    /// How many logits a position has.
    public var vocabularySize: Int { config.vocabularySize }
    /// The longest sequence that the model and its pages allow, in tokens.
    public let contextLength: Int
    /// Tokens that one KV page holds.
    public var pageSize: Int { runner.pages.pageSize }
    /// Pages that exist.
    public var pageCount: Int { runner.pages.pageCount }
    /// One.
    public var memberCount: Int { 1 }
    /// What keys and values are kept as.
    public var keyValueType: ElementType { runner.pages.elementType }
    /// Bytes reserved for keys and values.
    public var keyValueByteCount: Int { runner.pages.byteCount }

    let network: Network
    let runner: PassRunner

    private init(network: Network, runner: PassRunner, contextLength: Int) {
        self.network = network
        self.runner = runner
        self.contextLength = contextLength
    }

    /// Reads a checkpoint's config, binds its weights and reserves its KV pages.
    ///
    /// Matrices that stay as stored are memory-mapped, and their pages come in as they are first
    /// used; others are packed or converted on all workers.
    ///
    /// - Parameters:
    ///   - checkpoint: An opened checkpoint of either format.
    ///   - pool: The workers to compute on.
    ///   - options: Context, memory and types.
    ///   - instructionSet: What to compute with; nil for the fastest that there is.
    /// - Returns: A model that answers as member 0.
    /// - Throws: `ModelError` for everything in the checkpoint that does not fit.
    public static func load(
        _ checkpoint: Checkpoint, pool: WorkerPool, options: ModelOptions,
        instructionSet: InstructionSet? = nil
    ) throws(ModelError) -> sending Transformer {
        let config = try ModelConfig(checkpoint)
        let weights = try Weights(
            checkpoint, config: config, as: options.weights, using: pool)
        return try serving(
            config: config, weights: weights, pool: pool, options: options,
            instructionSet: instructionSet)
    }

    /// Reserves KV pages and scratch for weights that are there.
    static func serving(
        config: ModelConfig, weights: Weights, pool: WorkerPool, options: ModelOptions,
        instructionSet: InstructionSet?
    ) throws(ModelError) -> sending Transformer {
        let capacity = try KeyValueCapacity(
            config: config, defaultType: weights.defaultKeyValueType, options: options)
        return Transformer(
            network: Network(config: config, weights: weights),
            runner: try PassRunner(
                config: config, capacity: capacity, pool: pool, options: options,
                instructionSet: instructionSet),
            contextLength: capacity.contextLength)
    }

    /// Computes every item's new positions; see ``LanguageModel/forward(_:)``.
    ///
    /// - Parameter batch: What to compute; every item is of member 0.
    /// - Returns: One row per requested position: items in order, positions ascending.
    public func forward(_ batch: ForwardBatch) -> Logits {
        batch.checkInvariants(for: self)
        return runner.run(batch, through: [0: network])
    }

    /// Tells where the time of some passes goes.
    ///
    /// - Parameter body: Calls `forward` as often as it likes.
    /// - Returns: The time that threads were at each kind of operation, in these passes only.
    public func timed(_ body: () -> Void) -> OperationTimes { runner.timed(body) }
}

extension KernelContext {
    static func with(
        _ pool: WorkerPool, _ instructionSet: InstructionSet?
    ) throws(ModelError) -> KernelContext {
        do throws(KernelError) {
            return try KernelContext(pool: pool, instructionSet: instructionSet)
        } catch {
            throw .kernels(error)
        }
    }
}
