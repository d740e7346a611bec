import Kernels

/// Takes batches through networks of one shape, over one set of KV pages.
///
/// Short passes run in whichever way `ThreadChoice` found quickest:
///
///     together   layer by layer, each operation in a region of its own     all threads
///     alone      the same, without helpers                                 the caller's
///     apart      [ sequences 0, 1, ... through all layers ]                the caller's
///                [ the others              through all layers ]            a worker's
///
/// Apart, nobody waits for anybody before the end, where together a small layer has a dozen regions
/// to begin and to end; but every thread reads all weights, so that it pays for those in caches.
final class PassRunner {
    let pages: KVPageStore
    private let config: ModelConfig
    private let team: PassUnit
    /// One for each thread, made when passes are first run apart.
    private var units: [PassUnit] = []
    private var choice = ThreadChoice()

    /// Reserves pages and allocates what passes of `config`'s shape need.
    init(
        config: ModelConfig, capacity: KeyValueCapacity, pool: WorkerPool, options: ModelOptions,
        instructionSet: InstructionSet?
    ) throws(ModelError) {
        self.config = config
        pages = try capacity.store(config)
        team = PassUnit(
            kernels: try .with(pool, instructionSet),
            space: Workspace(config: config, maximumRowCount: options.maximumRowCount))
    }

    /// Computes every item with `network`, whatever member it names.
    ///
    /// - Returns: One row per requested position: items in order, positions ascending.
    func run(_ batch: ForwardBatch, through network: Network) -> Logits {
        let pool = team.kernels.pool
        guard pool.threadCount > 1 else { return team.run(batch, through: network, pages) }
        let (rows, sequences) = (batch.items.reduce(0) { $0 + $1.tokens.count }, batch.items.count)
        let way = choice.way(rows: rows, sequences: sequences)
        let start = ContinuousClock.now
        let logits = run(batch, through: network, way)
        choice.note(start.duration(to: .now), rows: rows, sequences: sequences)
        return logits
    }

    /// `run` in a way of the caller's; all give the same bits.
    func run(
        _ batch: ForwardBatch, through network: Network, _ way: ThreadChoice.Way
    ) -> Logits {
        switch way {
        case .together:
            return team.run(batch, through: network, pages)
        case .alone:
            var logits = Logits(values: [], vocabularySize: config.vocabularySize)
            team.kernels.pool.alone { logits = team.run(batch, through: network, pages) }
            return logits
        case .apart:
            return runApart(batch, through: network)
        }
    }

    private func runApart(_ batch: ForwardBatch, through network: Network) -> Logits {
        let pool = team.kernels.pool
        let parts = batch.parts(pool.threadCount, work: network.work)
        while units.count < parts.count { units.append(makeUnit()) }
        let pass = unsafe PassApart(network: network, parts: parts, units: units, pages: pages)
        pool.run(tasks: parts.count) { part, _ in unsafe pass.run(part) }
        var logits = Logits(values: [], vocabularySize: config.vocabularySize)
        logits.values.reserveCapacity(batch.logitRowCount * config.vocabularySize)
        for unit in units.prefix(parts.count) {
            logits.values += unit.logits.values
            logits.hidden += unit.logits.hidden
        }
        return logits
    }

    private func makeUnit() -> PassUnit {
        guard let pool = try? WorkerPool(threadCount: 1),
            let kernels = try? KernelContext(
                pool: pool, instructionSet: team.kernels.instructionSet)
        else { preconditionFailure("a pool of one starts no thread, and the team has the set") }
        // There are as many of these as threads, and short passes have few rows.
        let space = Workspace(
            config: config, maximumRowCount: min(64, team.space.rowCount), logitByteCount: 4 << 20)
        return PassUnit(kernels: kernels, space: space)
    }
}

/// A pass whose sequences are dealt out to threads.
///
/// Safe to send: a task has a unit of its own, and writes those pages only that belong to its
/// part's sequences; a sequence appears once, and what several share was written by passes before.
@unsafe private struct PassApart: @unchecked Sendable {
    let network: Network
    let parts: [ForwardBatch]
    let units: [PassUnit]
    let pages: KVPageStore

    func run(_ part: Int) {
        let unit = unsafe units[part]
        unit.logits = unsafe unit.run(parts[part], through: network, pages)
    }
}

/// What a thread, or a team of them, computes with, one batch after another.
private final class PassUnit {
    let kernels: KernelContext
    let space: Workspace
    /// What it computed last as a single thread.
    var logits: Logits

    init(kernels: KernelContext, space: Workspace) {
        self.kernels = kernels
        self.space = space
        logits = Logits(values: [], vocabularySize: space.logits.columns)
    }

    func run(
        _ batch: ForwardBatch, through network: Network, _ pages: KVPageStore
    ) -> Logits {
        var logits = Logits(values: [], vocabularySize: space.logits.columns)
        logits.values.reserveCapacity(batch.logitRowCount * space.logits.columns)
        for plan in PassPlan.plans(for: batch, maximumRowCount: space.rowCount) {
            network.run(
                plan, batch: batch, in: space, pages: pages, with: kernels, appendingTo: &logits)
        }
        return logits
    }
}

extension ForwardBatch {
    /// Cuts the batch into at most `count` parts of about equal work, items in order.
    ///
    /// - Parameters:
    ///   - count: How many parts there may be, at least 1.
    ///   - work: What an item takes, at least 1.
    /// - Returns: Parts that have items.
    func parts(_ count: Int, work: (Item) -> Int) -> [ForwardBatch] {
        let works = items.map(work)
        let total = works.reduce(0, +)
        var parts = [ForwardBatch](repeating: ForwardBatch(items: []), count: count)
        var before = 0
        for (item, work) in zip(items, works) {
            // An item goes where its middle lies.
            parts[(2 * before + work) * count / (2 * total)].items.append(item)
            before += work
        }
        return parts.filter { !$0.items.isEmpty }
    }
}
