public import Decoding
public import Kernels
import Models

/// How checkpoints are loaded and run.
public struct LoadOptions: Sendable {
    /// What matrices are kept as.
    public var weights = WeightFormat.auto
    /// The longest sequence to allow, in tokens; `nil` is what the model was made for, as far as
    /// KV memory lets four such sequences run at once.
    public var contextLength: Int?
    /// Bytes for keys and values of each model or family; `nil` is a quarter of what is free, or
    /// half of what the weights leave if that is less, shared by all that are loaded.
    public var keyValueMemory: Int?
    /// What keys and values are kept as; `nil` is f32 for f32 checkpoints and f16 for others.
    public var keyValueType: ElementType?
    /// Threads that compute; `nil` is the CPUs that this process may use.
    public var threads: Int?
    /// Bytes that the weights of a family may take; `nil` is no limit.
    public var familyMemory: Int?
    /// What the limit on a family's weights comes from, for a person.
    private(set) var familyMemorySource = "--family-memory"
    /// When a family's members are loaded; `nil` is at the start if all of them fit.
    public var loading: LoadingPolicy?
    /// How much an engine takes on at a time.
    public var engine = EngineConfiguration()

    /// The defaults, and speculation while it pays.
    public init() {
        engine.speculation = .automatic
    }

    /// Lets so many questions be open at once: all of them run, and none is refused a place.
    public mutating func allow(concurrency: Int) {
        engine.maximumRunning = concurrency
        engine.queueDepth = max(engine.queueDepth, concurrency)
    }

    /// Lets a family's weights take half of the memory that is free, if nothing else was said.
    public mutating func limitFamilyMemory() {
        guard familyMemory == nil else { return }
        let free = AvailableMemory.now()
        familyMemory = free.byteCount / 2
        familyMemorySource = "half of what \(free.limit) leaves"
    }

    /// The workers that all models share, so that two never compute at once.
    func pool() throws(ModelLoadingError) -> WorkerPool {
        do {
            return try WorkerPool(threadCount: threads ?? AvailableCPUs.count())
        } catch {
            throw .checkpoint("threads: \(error)")
        }
    }

    /// What a model of this shape gets.
    ///
    /// - Parameters:
    ///   - inspection: The checkpoint.
    ///   - shareCount: Models and families that are loaded together.
    /// - Returns: Options with context and KV memory set.
    func model(for inspection: ModelInspection, shareCount: Int) -> ModelOptions {
        let memory = keyValueMemory ?? usualKeyValueMemory(inspection) / max(1, shareCount)
        var options = ModelOptions(keyValueByteCount: memory)
        options.weights = weights
        options.keyValueType = keyValueType
        options.maximumRowCount = engine.tokensPerStep
        let type = keyValueType ?? inspection.keyValueType
        let perToken = inspection.config.keyValueByteCount(perTokenAs: type)
        let affordable = max(options.pageSize, memory / perToken)
        // A request without a ceiling reserves the whole context: four of them should fit.
        let shared = max(min(affordable, 2048), affordable / 4)
        options.contextLength = contextLength ?? min(inspection.config.contextLength, shared)
        return options
    }
}

/// When the members of a family are loaded.
public enum LoadingPolicy: String, Sendable, CaseIterable {
    /// All at the start.
    case eager
    /// Each when a request first needs it.
    case lazy
}
