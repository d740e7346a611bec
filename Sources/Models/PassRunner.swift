import Kernels

/// Takes batches through networks of one shape, over one set of KV pages.
///
/// A pass runs in whichever way `ThreadChoice` found quickest:
///
///     together   layer by layer, each operation in a region of its own     all threads
///     alone      the same, without helpers                                 the caller's
///     apart      [ sequences 0, 1, ...        through all layers ]         the caller's
///                [ the rest of 1, the others  through all layers ]         a worker's
///
/// Apart, nobody waits for anybody but for keys of a sequence that was cut, where together a layer
/// has a dozen regions to begin and to end, whose threads read what the others have just written.
/// But every thread reads all weights, so that it pays where these come quickly.
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

    /// Computes every item with the network of its member; items of one member should lie together.
    ///
    /// - Parameters:
    ///   - batch: What to compute.
    ///   - networks: By member.
    /// - Returns: One row per requested position: items in order, positions ascending.
    func run(_ batch: ForwardBatch, through networks: [Int: Network]) -> Logits {
        guard team.kernels.pool.threadCount > 1 else {
            return run(batch, through: networks, .together)
        }
        let rows = batch.rowCount
        // whole pages are left on either side of a cut
        let isDivisible = batch.items.count > 1 || rows >= 2 * pages.pageSize
        let way = choice.way(rows: rows, isDivisible: isDivisible)
        // not to be timed
        if way == .apart { makeUnits() }
        let start = ContinuousClock.now
        let logits = run(batch, through: networks, way)
        choice.note(start.duration(to: .now), rows: rows, isDivisible: isDivisible)
        return logits
    }

    /// Tells where the time of the passes in `body` goes.
    func timed(_ body: () -> Void) -> OperationTimes {
        if team.kernels.pool.threadCount > 1 { makeUnits() }
        let contexts = [team.kernels] + units.map(\.kernels)
        for context in contexts { context.startClock() }
        body()
        return contexts.reduce(into: OperationTimes()) { $0 += $1.stopClock() }
    }

    /// `run` in a way of the caller's; all give the same bits.
    func run(
        _ batch: ForwardBatch, through networks: [Int: Network], _ way: ThreadChoice.Way
    ) -> Logits {
        var hidden: [Float] = []
        let values = FloatMatrix.floats(
            rows: batch.logitRowCount, columns: config.vocabularySize
        ) { logits in
            switch way {
            case .together: hidden = runTeam(batch, through: networks, into: logits)
            case .alone:
                team.kernels.pool.alone {
                    hidden = runTeam(batch, through: networks, into: logits)
                }
            case .apart: hidden = runApart(batch, through: networks, into: logits)
            }
        }
        return Logits(values: values, hidden: hidden, vocabularySize: config.vocabularySize)
    }

    /// - Returns: The hidden states.
    private func runTeam(
        _ batch: ForwardBatch, through networks: [Int: Network], into logits: FloatMatrix
    ) -> [Float] {
        team.run(batch, through: networks, pages, into: PassResults(logits: logits))
        return team.hidden
    }

    private func runApart(
        _ batch: ForwardBatch, through networks: [Int: Network], into logits: FloatMatrix
    ) -> [Float] {
        let pool = team.kernels.pool
        makeUnits()
        let rate = networks.first?.value.productRate ?? 1
        let parts = batch.parts(pool.threadCount, pageSize: pages.pageSize) { tokens, position in
            config.work(tokens: tokens, position: position, productRate: rate)
        }
        var linked: [PassApart.Part] = []
        var row = 0
        var link = PassLink()
        for (index, part) in parts.enumerated() {
            let isFollowed = index + 1 < parts.count && parts[index + 1].continues
            link = PassLink(before: link.written, written: isFollowed ? StepCounter() : nil)
            linked.append(
                PassApart.Part(
                    batch: part.batch, unit: units[index], link: link,
                    results: PassResults(logits: logits, nextRow: row)))
            row += part.batch.logitRowCount
        }
        let pass = unsafe PassApart(networks: networks, pages: pages, parts: linked)
        pool.run(tasks: parts.count) { task, _ in unsafe pass.run(task) }
        for unit in units.prefix(parts.count) { unit.kernels.lap(.waiting) }
        return units.prefix(parts.count).flatMap(\.hidden)
    }

    private func makeUnits() {
        let threads = team.kernels.pool.threadCount
        // Parts are of equal work, so that one of early positions has more than its share of rows.
        let rows = max(16, team.space.rowCount * 5 / 4 / threads)
        while units.count < threads {
            guard let pool = try? WorkerPool(threadCount: 1),
                let kernels = try? KernelContext(
                    pool: pool, instructionSet: team.kernels.instructionSet)
            else { preconditionFailure("a pool of one starts no thread, and the team has the set") }
            units.append(
                PassUnit(
                    kernels: kernels,
                    space: Workspace(
                        config: config, maximumRowCount: min(rows, team.space.rowCount))))
        }
    }
}

/// A pass whose rows are dealt out to threads.
///
/// Safe to send: a task has a unit of its own, fills rows of the logits that no other fills, and
/// writes those pages only that hold its part's positions; a sequence appears once, its parts share
/// no page, and what several sequences share was written by passes before.
@unsafe private struct PassApart: @unchecked Sendable {
    struct Part {
        let batch: ForwardBatch
        let unit: PassUnit
        let link: PassLink
        let results: PassResults
    }

    let networks: [Int: Network]
    let pages: KVPageStore
    let parts: [Part]

    func run(_ index: Int) {
        let part = unsafe parts[index]
        unsafe part.unit.run(
            part.batch, through: networks, pages, link: part.link, into: part.results)
    }
}

/// What a thread, or a team of them, computes with, one batch after another.
private final class PassUnit {
    let kernels: KernelContext
    let space: Workspace
    /// The hidden states that its last batch wanted.
    private(set) var hidden: [Float] = []

    init(kernels: KernelContext, space: Workspace) {
        self.kernels = kernels
        self.space = space
    }

    /// Runs a batch, whose first plan follows the part before and whose last the part after follows.
    func run(
        _ batch: ForwardBatch, through networks: [Int: Network], _ pages: KVPageStore,
        link: PassLink = PassLink(), into results: PassResults
    ) {
        kernels.restartClock()
        var (results, link) = (results, link)
        let written = link.written
        let batches = batch.byMember
        for (place, batch) in batches.enumerated() {
            guard let network = networks[batch.items[0].member] else {
                preconditionFailure("no network of member \(batch.items[0].member)")
            }
            let plans = PassPlan.plans(for: batch, maximumRowCount: space.rowCount)
            for (number, plan) in plans.enumerated() {
                let isLast = place + 1 == batches.count && number + 1 == plans.count
                link.written = isLast ? written : nil
                network.run(
                    plan, batch: batch, in: space, pages: pages, with: kernels, link: link,
                    into: &results)
                link.before = nil
            }
        }
        hidden = results.hidden
        kernels.lap(.rest)
    }
}
