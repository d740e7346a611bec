public import Kernels

/// Fine-tunes of one base behind one interface: same shapes, one set of KV pages.
///
/// An item's `member` says whose weights compute it; the members of a batch run one after another,
/// each over all of its items at once. Scratch and pages are shared, so a further member costs its
/// weights only, and those only while they are loaded.
public final class FamilyModel: LanguageModel {
    /// The members' weights; a batch may name the members that are in there.
    public let weights: FamilyWeights
    /// How many logits a position has.
    public let vocabularySize: Int
    /// The longest sequence of any member, in tokens.
    public let contextLength: Int
    /// Tokens that one KV page holds.
    public var pageSize: Int { runner.pages.pageSize }
    /// Pages that exist.
    public var pageCount: Int { runner.pages.pageCount }
    /// How many members there may be.
    public let memberCount: Int

    private let hiddenSize: Int
    private let runner: PassRunner

    private init(
        weights: FamilyWeights, config: ModelConfig, memberCount: Int, contextLength: Int,
        runner: PassRunner
    ) {
        self.weights = weights
        self.memberCount = memberCount
        self.contextLength = contextLength
        self.runner = runner
        vocabularySize = config.vocabularySize
        hiddenSize = config.hiddenSize
    }

    /// Makes room for a family none of whose members is loaded; the first one's shape is the
    /// family's.
    ///
    /// - Parameters:
    ///   - inspections: One per checkpoint, at least one.
    ///   - memberCount: How many members there may be, others than these included; nil for these.
    ///   - pool: The workers to compute on.
    ///   - options: Context, memory and types, for all together.
    ///   - instructionSet: What to compute with; nil for the fastest that there is.
    /// - Returns: A model whose `weights` are yet to be filled.
    /// - Throws: `ModelError.membersDiffer` where shapes differ, and others where memory is missing.
    public static func empty(
        _ inspections: [ModelInspection], memberCount: Int? = nil, pool: WorkerPool,
        options: ModelOptions, instructionSet: InstructionSet? = nil
    ) throws(ModelError) -> sending FamilyModel {
        precondition(!inspections.isEmpty, "a family without members")
        var config = inspections[0].config
        for (member, inspection) in inspections.enumerated() {
            try inspection.config.checkShape(equals: config, member: member)
            config.contextLength = min(config.contextLength, inspection.config.contextLength)
        }
        let areSingle = inspections.allSatisfy {
            $0.keyValueType(as: options.weights) == .f32
        }
        let capacity = try KeyValueCapacity(
            config: config, defaultType: areSingle ? .f32 : .f16, options: options)
        return FamilyModel(
            weights: FamilyWeights(shape: config), config: config,
            memberCount: memberCount ?? inspections.count, contextLength: capacity.contextLength,
            runner: try PassRunner(
                config: config, capacity: capacity, pool: pool, options: options,
                instructionSet: instructionSet))
    }

    /// Computes every item with its member's weights; see ``LanguageModel/forward(_:)``.
    ///
    /// - Parameter batch: What to compute; the members that it names are loaded.
    /// - Returns: One row per requested position: items in order, positions ascending.
    public func forward(_ batch: ForwardBatch) -> Logits {
        batch.checkInvariants(for: self)
        guard let member = batch.items.first?.member else {
            return Logits(values: [], vocabularySize: vocabularySize)
        }
        if batch.items.allSatisfy({ $0.member == member }) {
            return runner.run(batch, through: weights.network(of: member))
        }
        var parts: [Int: ForwardBatch] = [:]
        for item in batch.items {
            parts[item.member, default: ForwardBatch(items: [])].items.append(item)
        }
        var results: [Int: Logits] = [:]
        for (member, part) in parts {
            results[member] = runner.run(part, through: weights.network(of: member))
        }
        var (nextRows, nextHidden): ([Int: Int], [Int: Int]) = ([:], [:])
        var logits = Logits(values: [], vocabularySize: vocabularySize)
        logits.values.reserveCapacity(batch.logitRowCount * vocabularySize)
        for item in batch.items {
            guard let result = results[item.member] else { continue }
            let count = ForwardBatch(items: [item]).logitRowCount * vocabularySize
            let start = nextRows[item.member, default: 0]
            nextRows[item.member] = start + count
            logits.values += result.values[start..<start + count]
            guard item.logitRows == .hidden else { continue }
            let first = nextHidden[item.member, default: 0]
            nextHidden[item.member] = first + hiddenSize
            logits.hidden += result.hidden[first..<first + hiddenSize]
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
