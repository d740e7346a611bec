import Checkpoints
import Decoding
import Foundation
import Kernels
import Models
import Routing
import Tokenization

extension ModelCatalog {
    /// Makes checkpoints ready to answer.
    ///
    /// - Parameters:
    ///   - paths: Checkpoints, each served by its own engine.
    ///   - family: A folder of members, which share one engine and one KV cache.
    ///   - options: How to load and run them.
    ///   - progress: Told in a line what was loaded and how.
    /// - Returns: A catalog; the first path is the default, or else the family's lightest member.
    /// - Throws: `ModelLoadingError` naming the first thing that is wrong.
    public static func load(
        models paths: [String], family: String?, options: LoadOptions,
        progress: (String) -> Void
    ) throws(ModelLoadingError) -> ModelCatalog {
        try load(
            models: paths, family: family, options: options, alongside: nil, progress: progress)
    }

    /// Loads with workers of its own, or with another catalog's, which it leaves what it can.
    private static func load(
        models paths: [String], family: String?, options: LoadOptions,
        alongside other: ModelCatalog?, progress: (String) -> Void
    ) throws(ModelLoadingError) -> ModelCatalog {
        let pool = if let other { other.pool } else { try options.pool() }
        let shares = paths.count + (family == nil ? 0 : 1)
        var entries: [ReasoningModel] = []
        var engines: [Engine] = []
        for path in paths {
            let source = try ModelSource(path: path)
            let (engine, contextLength) = try source.engine(
                pool: pool, options: options, shareCount: shares)
            let entry = source.entry(engine: engine, member: 0, contextLength: contextLength)
            entries.append(entry)
            engines.append(engine)
            progress(entry.summary)
        }
        var probe: FamilyProbe?
        var served: ServedFamily?
        if let family {
            let directory = try FamilyDirectory(path: family)
            let members = directory.members
            var sources: [ModelSource] = []
            for member in members {
                var source = try ModelSource(path: member.path)
                source.alpha = member.alpha
                source.servedName = member.name
                if let first = sources.first { try source.checkWords(equal: first) }
                sources.append(source)
            }
            let (engine, contextLength, store, scale) = try sources.family(
                at: family, pool: pool, options: options, shareCount: shares,
                yields: other != nil)
            engines.append(engine)
            let first = entries.count
            for (index, source) in sources.enumerated() {
                var entry = source.entry(
                    engine: engine, member: index, contextLength: contextLength)
                entry.describe(by: members[index].profile)
                entry.store = store
                if let found = directory.probe, found.member == members[index].name {
                    try found.check(
                        hiddenSize: source.inspection.config.hiddenSize, in: family)
                    probe = FamilyProbe(probe: found, model: entry)
                }
                entries.append(entry)
                progress(entry.summary)
            }
            served = ServedFamily(
                members: Array(entries[first...]), store: store, scale: scale)
            progress(store.statistics.summary(memberCount: sources.count))
        }
        var names: Set<String> = []
        for entry in entries where !names.insert(entry.description.id).inserted {
            throw .duplicateName(entry.description.id)
        }
        return ModelCatalog(
            entries: entries, engines: engines, pool: pool,
            choiceCount: paths.isEmpty ? entries.count : 1, family: served, probe: probe)
    }

    /// Makes checkpoints ready while others answer, on a thread of its own.
    ///
    /// Both are in memory then.
    ///
    /// - Parameters:
    ///   - paths: Checkpoints, each served by its own engine.
    ///   - family: A folder of members.
    ///   - options: How to load and run them.
    ///   - other: What answers meanwhile.
    ///   - progress: Told in a line what was loaded and how, from that thread.
    /// - Returns: A catalog that computes on the other's workers.
    /// - Throws: `ModelLoadingError` naming the first thing that is wrong.
    public static func load(
        models paths: [String], family: String?, options: LoadOptions,
        beside other: ModelCatalog, progress: @escaping @Sendable (String) -> Void
    ) async throws(ModelLoadingError) -> ModelCatalog {
        let result = await withCheckedContinuation { continuation in
            YieldingThread.start {
                continuation.resume(
                    returning: Result { () throws(ModelLoadingError) in
                        try load(
                            models: paths, family: family, options: options, alongside: other,
                            progress: progress)
                    })
            }
        }
        return try result.get()
    }
}

extension ReasoningModel {
    /// Takes over what the family's manifest says of it.
    fileprivate mutating func describe(by member: FamilyManifest.Member?) {
        profile = member
        description.price = member?.price
        description.profile = member?.profile ?? []
    }

    /// One line for a person: what was loaded and what it allows.
    var summary: String {
        let parameters = String(format: "%.1f M", Double(description.parameterCount) / 1e6)
        return "\(description.id): \(description.architecture), \(parameters) parameters, "
            + "\(description.elementType), context \(description.contextLength)"
    }
}

extension LoadingStatistics {
    /// One line for a person: what of a family is in memory.
    func summary(memberCount: Int) -> String {
        func megabytes(_ count: Int) -> String { String(format: "%.1f MB", Double(count) / 1e6) }
        return "\(loaded) of \(memberCount) members loaded, \(megabytes(byteCount)) of weights"
            + (limit.map { ", at most \(megabytes($0))" } ?? "")
    }
}

/// An opened checkpoint with its words, before it has an engine.
struct ModelSource {
    let checkpoint: Checkpoint
    let inspection: ModelInspection
    let text: ModelText
    /// The length penalty it was trained with, when known.
    var alpha: Double?

    /// Opens a checkpoint and reads its words.
    init(path: String) throws(ModelLoadingError) {
        do {
            checkpoint = try Checkpoint.open(path: path)
            inspection = try ModelInspection(checkpoint)
        } catch {
            throw .checkpoint("\(error)")
        }
        text = try ModelText(checkpoint, vocabularySize: inspection.config.vocabularySize)
        alpha = FamilyDirectory.alpha(inName: name)
    }

    /// What the family calls it, where it is a member.
    var servedName: String?

    /// What callers ask for: the family's name for it, or else the folder's or file's name.
    var name: String {
        if let servedName { return servedName }
        let url = URL(fileURLWithPath: checkpoint.location).standardizedFileURL
        let known = ["gguf", "safetensors"].contains(url.pathExtension)
        return (known ? url.deletingPathExtension() : url).lastPathComponent
    }

    /// Refuses a member whose words differ from the family's.
    func checkWords(equal first: ModelSource) throws(ModelLoadingError) {
        let sample = "1 + 1 = 2, <think>\n naïve 日本語 \\boxed{}"
        let differs: String? =
            if text.tokenizer.vocabularySize != first.text.tokenizer.vocabularySize {
                "tokenizers of \(first.text.tokenizer.vocabularySize) and "
                    + "\(text.tokenizer.vocabularySize) ids"
            } else if text.tokenizer.encode(sample, addSpecialTokens: true)
                != first.text.tokenizer.encode(sample, addSpecialTokens: true)
            {
                "their tokenizers disagree"
            } else if text.templates.sources != first.text.templates.sources {
                "their chat templates differ"
            } else if text.tags != first.text.tags {
                "their thoughts are tagged differently"
            } else {
                nil
            }
        if let differs { throw .membersDiffer(first: first.name, second: name, what: differs) }
    }

    /// The checkpoint as one that answers.
    func entry(engine: Engine, member: Int, contextLength: Int) -> ReasoningModel {
        let most = inspection.typeShares.max { $0.elementCount < $1.elementCount }
        return ReasoningModel(
            description: ModelDescription(
                id: name, created: Int(Date().timeIntervalSince1970),
                contextLength: contextLength,
                architecture: inspection.config.architecture.modelType,
                elementType: most?.type.rawValue ?? "f32",
                parameterCount: inspection.parameterCount, alpha: alpha),
            text: text, engine: engine, member: member)
    }
}

extension ModelSource {
    /// An engine for this model alone, and the context it allows.
    func engine(
        pool: WorkerPool, options: LoadOptions, shareCount: Int
    ) throws(ModelLoadingError) -> (engine: Engine, contextLength: Int) {
        try options.checkMemory(
            for: inspection, copies: inspection.copiedByteCount(as: options.weights),
            at: checkpoint.location)
        do {
            try inspection.checkWeights(using: pool)
            let model = try Transformer.load(
                checkpoint, pool: pool,
                options: options.model(for: inspection, shareCount: shareCount))
            let contextLength = model.contextLength
            return (Engine(model: model, configuration: options.engine), contextLength)
        } catch {
            throw .checkpoint("\(error)")
        }
    }
}
