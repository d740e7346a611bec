public import Kernels

/// Fine-tunes of one base behind one interface: same shapes, one set of KV pages.
///
/// An item's `member` says whose weights compute it; each member's run over all of its items at
/// once, and where threads share a batch out, several members beside each other. Scratch and pages
/// are shared, so a further member costs its weights only, and those only while they are loaded.
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

    let runner: PassRunner

    private init(
        weights: FamilyWeights, config: ModelConfig, memberCount: Int, contextLength: Int,
        runner: PassRunner
    ) {
        self.weights = weights
        self.memberCount = memberCount
        self.contextLength = contextLength
        self.runner = runner
        vocabularySize = config.vocabularySize
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
        var networks: [Int: Network] = [:]
        for item in batch.items where networks[item.member] == nil {
            networks[item.member] = weights.network(of: item.member)
        }
        guard networks.count > 1 else { return runner.run(batch, through: networks) }
        let order = batch.items.indices.sorted {
            (batch.items[$0].member, $0) < (batch.items[$1].member, $1)
        }
        let sorted = ForwardBatch(items: order.map { batch.items[$0] })
        return runner.run(sorted, through: networks).items(of: sorted, inOrder: order)
    }
}

extension Logits {
    /// Puts rows and hidden states in the order of another batch.
    ///
    /// - Parameters:
    ///   - batch: Whose they are.
    ///   - order: The place of each of its items in the other batch.
    /// - Returns: The same values.
    fileprivate func items(of batch: ForwardBatch, inOrder order: [Int]) -> Logits {
        let hiddenSize = hidden.isEmpty ? 0 : hidden.count / batch.hiddenCount
        var places = [(rows: Range<Int>, hidden: Range<Int>)](
            repeating: (0..<0, 0..<0), count: order.count)
        var (row, state) = (0, 0)
        for (item, place) in zip(batch.items, order) {
            let single = ForwardBatch(items: [item])
            let (rowEnd, stateEnd) = (row + single.logitRowCount, state + single.hiddenCount)
            places[place] = (row..<rowEnd, state..<stateEnd)
            (row, state) = (rowEnd, stateEnd)
        }
        var result = Logits(values: [], vocabularySize: vocabularySize)
        result.values.reserveCapacity(values.count)
        for place in places {
            let (rows, states) = (place.rows, place.hidden)
            result.values +=
                values[rows.lowerBound * vocabularySize..<rows.upperBound * vocabularySize]
            result.hidden += hidden[states.lowerBound * hiddenSize..<states.upperBound * hiddenSize]
        }
        return result
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
