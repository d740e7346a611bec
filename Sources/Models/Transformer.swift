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
    public var pageSize: Int { pages.pageSize }
    /// Pages that exist.
    public var pageCount: Int { pages.pageCount }
    /// One.
    public var memberCount: Int { 1 }
    /// What keys and values are kept as.
    public var keyValueType: ElementType { pages.elementType }
    /// Bytes reserved for keys and values.
    public var keyValueByteCount: Int { pages.byteCount }

    private let network: Network
    private let kernels: KernelContext
    private let pages: KVPageStore
    private let space: Workspace
    private var threads = ThreadChoice()

    init(
        network: Network, kernels: KernelContext, pages: KVPageStore, space: Workspace,
        contextLength: Int
    ) {
        self.network = network
        self.kernels = kernels
        self.pages = pages
        self.space = space
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
            kernels: try .with(pool, instructionSet), pages: try capacity.store(config),
            space: Workspace(config: config, maximumRowCount: options.maximumRowCount),
            contextLength: capacity.contextLength)
    }

    /// Computes every item's new positions; see ``LanguageModel/forward(_:)``.
    ///
    /// - Parameter batch: What to compute; every item is of member 0.
    /// - Returns: One row per requested position: items in order, positions ascending.
    public func forward(_ batch: ForwardBatch) -> Logits {
        batch.checkInvariants(for: self)
        return compute(batch)
    }

    /// `forward` for a batch whose invariants were checked, whatever member its items name.
    func compute(_ batch: ForwardBatch) -> Logits {
        var logits = Logits(values: [], vocabularySize: vocabularySize)
        logits.values.reserveCapacity(batch.logitRowCount * vocabularySize)
        for plan in PassPlan.plans(for: batch, maximumRowCount: space.rowCount) {
            run(plan, of: batch, appendingTo: &logits)
        }
        return logits
    }

    /// Runs a plan on all threads, or on this one where that is quicker.
    private func run(_ plan: PassPlan, of batch: ForwardBatch, appendingTo logits: inout Logits) {
        func pass() {
            network.run(
                plan, batch: batch, in: space, pages: pages, with: kernels,
                appendingTo: &logits)
        }
        let start = ContinuousClock.now
        if threads.runsAlone(rows: plan.tokens.count) { kernels.pool.alone(pass) } else { pass() }
        guard kernels.pool.threadCount > 1 else { return }
        threads.note(start.duration(to: .now), rows: plan.tokens.count)
    }
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
