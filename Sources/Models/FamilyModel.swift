public import Checkpoints
public import Kernels

/// Fine-tunes of one base behind one interface: same shapes, one set of KV pages.
///
/// An item's `member` says whose weights compute it; the members of a batch run one after another,
/// each over all of its items at once. Scratch and pages are shared, so a further member costs its
/// weights only.
public final class FamilyModel: LanguageModel {
    /// The members, all over the same pages.
    public let members: [Transformer]
    /// How many logits a position has.
    public var vocabularySize: Int { first.vocabularySize }
    /// The longest sequence of any member, in tokens.
    public let contextLength: Int
    /// Tokens that one KV page holds.
    public var pageSize: Int { first.pageSize }
    /// Pages that exist.
    public var pageCount: Int { first.pageCount }
    /// How many members answer.
    public var memberCount: Int { members.count }

    private let first: Transformer

    private init(members: [Transformer], contextLength: Int) {
        self.members = members
        self.contextLength = contextLength
        first = members[0]
    }

    /// Loads the members; the first one's shape is the family's.
    ///
    /// - Parameters:
    ///   - checkpoints: One per member, at least one.
    ///   - pool: The workers to compute on.
    ///   - options: Context, memory and types, for all together.
    ///   - instructionSet: What to compute with; nil for the fastest that there is.
    /// - Returns: A model with as many members.
    /// - Throws: `ModelError` for everything in a checkpoint that does not fit, and
    ///   `membersDiffer` where shapes differ.
    public static func load(
        _ checkpoints: [Checkpoint], pool: WorkerPool, options: ModelOptions,
        instructionSet: InstructionSet? = nil
    ) throws(ModelError) -> sending FamilyModel {
        precondition(!checkpoints.isEmpty, "a family without members")
        var networks: [Network] = []
        for (member, checkpoint) in checkpoints.enumerated() {
            let config = try ModelConfig(checkpoint)
            if let first = networks.first {
                try config.checkShape(equals: first.config, member: member)
            }
            let weights = try Weights(
                checkpoint, config: config, convertingTo: options.weightType, using: pool)
            networks.append(Network(config: config, weights: weights))
        }
        var config = networks[0].config
        config.contextLength = networks.map(\.config.contextLength).min() ?? config.contextLength
        let capacity = try KeyValueCapacity(
            config: config,
            defaultType: networks.allSatisfy { $0.weights.defaultKeyValueType == .f32 }
                ? .f32 : .f16,
            options: options)
        let pages = try capacity.store(config)
        let kernels = try KernelContext.with(pool, instructionSet)
        let space = Workspace(config: config, maximumRowCount: options.maximumRowCount)
        let members = networks.map { network in
            Transformer(
                network: network, kernels: kernels, pages: pages, space: space,
                contextLength: capacity.contextLength)
        }
        return FamilyModel(members: members, contextLength: capacity.contextLength)
    }

    /// Computes every item with its member's weights; see ``LanguageModel/forward(_:)``.
    ///
    /// - Parameter batch: What to compute.
    /// - Returns: One row per requested position: items in order, positions ascending.
    public func forward(_ batch: ForwardBatch) -> Logits {
        batch.checkInvariants(for: self)
        guard let member = batch.items.first?.member else {
            return Logits(values: [], vocabularySize: vocabularySize)
        }
        if batch.items.allSatisfy({ $0.member == member }) {
            return members[member].compute(batch)
        }
        var parts = members.map { _ in ForwardBatch(items: []) }
        for item in batch.items {
            parts[item.member].items.append(item)
        }
        let results = zip(members, parts).map { member, part in member.compute(part) }
        var (nextRows, nextHidden) = (members.map { _ in 0 }, members.map { _ in 0 })
        var logits = Logits(values: [], vocabularySize: vocabularySize)
        logits.values.reserveCapacity(batch.logitRowCount * vocabularySize)
        for item in batch.items {
            let result = results[item.member]
            let count = ForwardBatch(items: [item]).logitRowCount * vocabularySize
            let start = nextRows[item.member]
            nextRows[item.member] += count
            logits.values += result.values[start..<start + count]
            guard item.logitRows == .hidden else { continue }
            let first = nextHidden[item.member]
            nextHidden[item.member] += self.first.config.hiddenSize
            logits.hidden += result.hidden[first..<nextHidden[item.member]]
        }
        return logits
    }
}

extension ModelConfig {
    /// Refuses a member whose pages or scratch would not fit the family's.
    func checkShape(equals first: ModelConfig, member: Int) throws(ModelError) {
        let pairs: [(String, Int, Int)] = [
            ("vocabulary size", first.vocabularySize, vocabularySize),
            ("hidden size", first.hiddenSize, hiddenSize),
            ("intermediate size", first.intermediateSize, intermediateSize),
            ("layers", first.layerCount, layerCount),
            ("heads", first.headCount, headCount),
            ("key-value heads", first.keyValueHeadCount, keyValueHeadCount),
            ("head size", first.headSize, headSize),
        ]
        for (field, expected, found) in pairs where expected != found {
            throw .membersDiffer(
                member: member, field: field, expected: "\(expected)", found: "\(found)")
        }
    }
}
