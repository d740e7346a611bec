import ArgumentParser
import Inference
import Kernels

/// The flags by which every command names and loads checkpoints.
struct ModelArguments: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A checkpoint: a folder with safetensors, or a .gguf file. May be repeated "
                + "(default: the family that comes with the program).",
            valueName: "path"))
    var model: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A folder whose subfolders are the members, named after their alpha (alpha_0.1), "
                + "and perhaps the base.",
            valueName: "folder"))
    var family: String?

    @Option(
        name: .customLong("load"),
        help: ArgumentHelp(
            "When a family's members are loaded: eager, at the start, or lazy, when a request "
                + "first needs one (default: eager if all of them fit; generate is lazy).",
            valueName: "when"))
    var loading: LoadingTime?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Memory for the weights of a family; the member that was idle longest makes room "
                + "(default: half of what is free when serving, else no limit).",
            valueName: "MiB"))
    var familyMemory: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What weights are kept as: auto (packed where that keeps the weights), stored "
                + "(mapped from the file), f32, bf16, bf16dot, f16, int8 or int4 (default: auto).",
            valueName: "format"))
    var weights: WeightType?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Longest sequence in tokens (default: the model's, as far as KV memory allows).",
            valueName: "tokens"))
    var context: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Memory for the KV cache of each model or family (default: a quarter of what is free).",
            valueName: "MiB"))
    var kvMemory: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What keys and values are kept as: f32, f16, bf16 or int8 (default: f32 for small and "
                + "f32 checkpoints, else f16).",
            valueName: "type"))
    var kvType: KeyValueType?

    @Option(
        name: .long,
        help: ArgumentHelp("Threads (default: the CPUs this process may use).", valueName: "count"))
    var threads: Int?

    func validate() throws {
        if let context, context < 1 {
            throw ValidationError("--context is \(context); expected at least 1")
        }
        for (name, value) in [("kv-memory", kvMemory), ("family-memory", familyMemory)] {
            if let value, !(1...(1 << 24)).contains(value) {
                throw ValidationError("--\(name) is \(value); expected 1 to 16777216 MiB")
            }
        }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads); expected 1 to 1024")
        }
    }

    /// The options that loading takes.
    var options: LoadOptions {
        var options = LoadOptions()
        options.weights = weights?.format ?? .auto
        options.contextLength = context
        options.keyValueMemory = kvMemory.map { $0 << 20 }
        options.keyValueType = kvType?.elementType
        options.familyMemory = familyMemory.map { $0 << 20 }
        options.loading = loading?.policy
        options.threads = threads
        return options
    }

    /// What the flags name.
    struct Sources {
        var models: [String]
        var family: String?

        var all: [String] { models + (family.map { [$0] } ?? []) }

        /// Loads them.
        func load(options: LoadOptions, progress: (String) -> Void) throws -> ModelCatalog {
            try ModelCatalog.load(
                models: models, family: family, options: options, progress: progress)
        }
    }

    /// What the flags name, if this process may read it.
    func sources() throws -> Sources {
        let family = model.isEmpty ? family ?? ShippedFamily.path : family
        guard !model.isEmpty || family != nil else {
            throw ValidationError(
                "No checkpoint, and the family that comes with the program is not installed: "
                    + "give --model PATH or --family FOLDER (or LACONIC_MODEL).")
        }
        for path in model { try UnreadablePath.check(checkpoint: path) }
        if let family { try UnreadablePath.check(family: family) }
        return Sources(models: model, family: family)
    }

    /// Loads what the flags name.
    func load(options: LoadOptions, progress: (String) -> Void) throws -> ModelCatalog {
        try sources().load(options: options, progress: progress)
    }
}

/// When the members of a family can be loaded.
enum LoadingTime: String, ExpressibleByArgument, CaseIterable {
    case eager, lazy

    /// What loading knows it as.
    var policy: LoadingPolicy {
        switch self {
        case .eager: .eager
        case .lazy: .lazy
        }
    }
}

/// The element types that keys and values can be kept as.
enum KeyValueType: String, ExpressibleByArgument, CaseIterable {
    case f32, f16, bf16, int8

    /// The kernels' name for it.
    var elementType: ElementType {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .int8: .q8_0
        }
    }
}

/// The formats that weights can be kept in.
enum WeightType: String, ExpressibleByArgument, CaseIterable {
    case auto, stored, f32, bf16, bf16dot, f16, int8, int4

    /// The kernels' name for it.
    var format: WeightFormat {
        switch self {
        case .auto: .auto
        case .stored: .stored
        case .f32: .f32
        case .bf16: .bf16
        case .bf16dot: .bf16dot
        case .f16: .f16
        case .int8: .int8
        case .int4: .int4
        }
    }
}
