import Checkpoints
import Decoding
import Kernels
import Models

/// Loads the members of a family from their checkpoints, and makes those that lie between.
///
/// The checkpoints are held open from the start on: a member stays the one whose headers were
/// checked then, even if its files are deleted or others take their place.
struct FamilyLoader: MemberSource {
    private let weights: FamilyWeights
    private let members: [ModelSource]
    private let scale: AlphaScale
    private let format: WeightFormat
    /// Bytes in memory of the trained members, and of those that begin at each.
    private let sizes: (trained: [Int], mixed: [Int])

    /// A loader for the members of `weights`: those trained, and behind them one for each step of
    /// the scale.
    init(
        _ weights: FamilyWeights, members: [ModelSource], scale: AlphaScale, format: WeightFormat
    ) {
        self.weights = weights
        self.members = members
        self.scale = scale
        self.format = format
        sizes = (
            members.map { $0.inspection.loadedByteCount(as: format) },
            members.map { $0.inspection.loadedByteCount(as: format, isMixed: true) }
        )
    }

    func name(of member: Int) -> String {
        guard let gap = gap(of: member) else { return members[member].name }
        return FamilyDirectory.name(members[gap.lower].name, withAlpha: gap.alpha)
    }

    func byteCount(of member: Int) -> Int {
        gap(of: member).map { sizes.mixed[$0.lower] } ?? sizes.trained[member]
    }

    func load(_ member: Int) throws(ModelLoadingError) {
        // The decoding threads' workers are left to them.
        try load(member, using: nil)
    }

    /// Loads a member.
    ///
    /// - Parameters:
    ///   - member: Which.
    ///   - pool: Workers, before anything is decoded; nil to use this thread alone, and to read
    ///     ahead what decoding would wait for.
    /// - Throws: `ModelLoadingError.checkpoint` naming what is wrong; the member is absent then.
    func load(_ member: Int, using pool: WorkerPool?) throws(ModelLoadingError) {
        do throws(ModelError) {
            if let gap = gap(of: member) {
                let (one, other) = (members[gap.lower].checkpoint, members[gap.upper].checkpoint)
                defer { releasePages(of: [gap.lower, gap.upper]) }
                return try weights.mix(
                    one, other, share: gap.share, as: member, in: format)
            }
            try members[member].inspection.checkWeights(using: pool)
            try weights.load(
                members[member].checkpoint, as: member, in: format, using: pool,
                readsAhead: pool == nil)
        } catch {
            throw .checkpoint("\(error)")
        }
    }

    func drop(_ member: Int) {
        weights.drop(member)
        if gap(of: member) == nil { releasePages(of: [member]) }
    }

    /// Gives back mapped memory of members that were only read.
    private func releasePages(of numbers: [Int]) {
        for member in numbers where !weights.holds(member) {
            members[member].checkpoint.discardPages()
        }
    }

    private func gap(of member: Int) -> AlphaScale.Gap? {
        member < members.count ? nil : scale.gap(atStep: member - members.count)
    }
}

extension [ModelSource] {
    /// The engine of a family and what loads its members.
    ///
    /// - Parameters:
    ///   - path: The family's folder, for errors.
    ///   - pool: The workers to compute on.
    ///   - options: How to load and run it.
    ///   - shareCount: Models and families that are loaded together.
    ///   - yields: Whether others compute on the workers meanwhile, and keep them.
    /// - Throws: `ModelLoadingError` where members differ or the memory does not suffice.
    /// - Returns: The engine, its context, and the members, loaded if they are to be.
    func family(
        at path: String, pool: WorkerPool, options: LoadOptions, shareCount: Int,
        yields: Bool = false
    ) throws(ModelLoadingError) -> (
        engine: Engine, contextLength: Int, store: MemberStore, scale: AlphaScale
    ) {
        let scale = AlphaScale(map(\.alpha))
        let limit = options.familyMemory ?? .max
        let isEager = try loadsAll(options, within: limit, path)
        let copies = map { $0.inspection.copiedByteCount(as: options.weights) }
        try options.checkMemory(
            for: self[0].inspection,
            copies: isEager ? copies.reduce(0, +) : copies.max() ?? 0, at: path)
        let model: FamilyModel
        do {
            model = try FamilyModel.empty(
                map(\.inspection), memberCount: count + scale.stepCount, pool: pool,
                options: options.model(for: self[0].inspection, shareCount: shareCount))
        } catch {
            throw .checkpoint("\(error)")
        }
        let contextLength = model.contextLength
        let loader = FamilyLoader(
            model.weights, members: self, scale: scale, format: options.weights)
        let engine = Engine(model: model, configuration: options.engine)
        var limits = MemberStore.Limits(trainedCount: count)
        limits.byteCount = limit
        limits.queueDepth = options.engine.queueDepth
        let store = MemberStore(source: loader, limits: limits)
        if isEager {
            for member in indices {
                let start = ContinuousClock.now
                try loader.load(member, using: yields ? nil : pool)
                store.noteLoaded(
                    member, seconds: (ContinuousClock.now - start) / .seconds(1))
            }
        }
        return (engine, contextLength, store, scale)
    }

    /// Whether all members are loaded at the start.
    private func loadsAll(
        _ options: LoadOptions, within limit: Int, _ path: String
    ) throws(ModelLoadingError) -> Bool {
        let asked = options.loading
        let sizes = map { $0.inspection.loadedByteCount(as: options.weights) }
        if let largest = sizes.indices.max(by: { sizes[$0] < sizes[$1] }),
            sizes[largest] > limit
        {
            throw .insufficientMemory(
                path: path,
                message: "the weights of \(self[largest].name) take \(sizes[largest]) bytes; "
                    + "expected a --family-memory that holds them, found \(limit) bytes "
                    + "(\(options.familyMemorySource))")
        }
        let total = sizes.reduce(0, +)
        guard asked == .eager, total > limit else { return asked != .lazy && total <= limit }
        throw .insufficientMemory(
            path: path,
            message: "the weights of all members take \(total) bytes; expected a --family-memory "
                + "that holds them or --load lazy, found \(limit) bytes "
                + "(\(options.familyMemorySource))")
    }
}
