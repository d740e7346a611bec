/// What this program is willing to hold of a checkpoint's description; the weights are not counted.
///
/// Every count is checked before anything is allocated for it, so a lying header costs no more than
/// these numbers say.
public struct CheckpointLimits: Sendable, Equatable {
    /// The largest safetensors header in bytes; the format itself says 100 MB.
    public var headerByteCount = 100_000_000

    /// The most tensors in one file.
    public var tensorCount = 200_000

    /// The longest name of a tensor or metadata key in bytes; GGUF itself says 65,535.
    public var nameByteCount = 65_535

    /// The most dimensions of one tensor.
    public var dimensionCount = 8

    /// The largest configuration-like JSON file in bytes.
    public var configurationByteCount = 32 << 20

    /// The largest tokenizer file (`tokenizer.json`, `vocab.json`, `merges.txt`) in bytes.
    public var tokenizerByteCount = 128 << 20

    /// The deepest nesting of JSON arrays and objects.
    public var nestingDepth = 500

    /// The most values (members and elements counted) in one JSON file.
    public var valueCount = 500_000

    /// The most metadata entries of a GGUF or safetensors file.
    public var metadataCount = 100_000

    /// The most values in one GGUF metadata array; the largest vocabularies have under a million.
    public var arrayCount = 4_000_000

    /// The most shards of one checkpoint.
    public var shardCount = 4_096

    /// The numbers above.
    public init() {}
}
