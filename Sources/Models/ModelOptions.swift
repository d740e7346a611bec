public import Kernels

/// What a model is given to run with.
public struct ModelOptions: Sendable, Equatable {
    /// Sequences of full length beyond which more KV pages would only cost bookkeeping.
    public static let maximumSequenceCount = 256

    /// The longest sequence to allow, in tokens; nil is what the model was made for.
    public var contextLength: Int?
    /// Bytes that keys and values may take; they are reserved at once and used page by page.
    public var keyValueByteCount: Int
    /// Tokens of a page.
    public var pageSize = 16
    /// What keys and values are kept as (f32, f16, bf16 or q8_0).
    ///
    /// nil is f32 for f32 checkpoints and those of less than 64 MiB, else f16.
    public var keyValueType: ElementType?
    /// What matrices are kept as.
    public var weights = WeightFormat.auto
    /// The most rows that run through the layers at once; larger batches are cut.
    public var maximumRowCount = 512

    /// Options with a budget for keys and values, and defaults for the rest.
    public init(keyValueByteCount: Int) {
        self.keyValueByteCount = keyValueByteCount
    }
}

/// How much of the KV cache there is, derived from a config and a budget.
struct KeyValueCapacity: Equatable {
    let elementType: ElementType
    let pageSize: Int
    let pageCount: Int
    let contextLength: Int

    init(
        config: ModelConfig, defaultType: ElementType, options: ModelOptions
    ) throws(ModelError) {
        precondition(options.pageSize > 0, "pages of \(options.pageSize) tokens")
        elementType = options.keyValueType ?? defaultType
        pageSize = options.pageSize
        let pageByteCount = pageSize * config.keyValueByteCount(perTokenAs: elementType)
        let affordable = max(options.keyValueByteCount, 0) / pageByteCount
        guard affordable > 0 else {
            throw .insufficientMemory(
                neededByteCount: pageByteCount, availableByteCount: options.keyValueByteCount)
        }
        let asked = min(max(options.contextLength ?? config.contextLength, 1), config.contextLength)
        let useful = (asked + pageSize - 1) / pageSize * ModelOptions.maximumSequenceCount
        pageCount = min(affordable, useful, Int(Int32.max))
        contextLength = min(asked, pageCount * pageSize)
    }

    func store(_ config: ModelConfig) throws(ModelError) -> KVPageStore {
        do throws(KernelError) {
            return try KVPageStore(
                elementType: elementType, layerCount: config.layerCount, pageCount: pageCount,
                pageSize: pageSize, kvHeadCount: config.keyValueHeadCount,
                headDim: config.headSize)
        } catch {
            throw .kernels(error)
        }
    }
}

extension ModelConfig {
    /// Bytes that the keys and values of one token take over all layers.
    ///
    /// - Parameter type: f32, f16, bf16 or q8_0.
    /// - Returns: The bytes; cannot overflow within the bounds of a config.
    public func keyValueByteCount(perTokenAs type: ElementType) -> Int {
        2 * layerCount * keyValueHeadCount * type.cachedByteCount(headDim: headSize)
    }
}
