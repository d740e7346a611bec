/// The `weight_map` of `model.safetensors.index.json`: which shard holds which tensor.
struct ShardIndex: Sendable {
    /// The index's own path.
    let file: String

    /// The shards' file names, in the order they first appear; plain names, checked.
    private(set) var shards: [String] = []

    /// The tensors, in the order of the file.
    private(set) var tensors: [String] = []

    private var positions: [ExactString: Int] = [:]

    init(
        parsing bytes: Span<UInt8>, file: String, limits: CheckpointLimits
    ) throws(CheckpointError) {
        self.file = file
        let root = JSONNode(
            root: try JSONValue(parsing: bytes, file: file, limits: limits), file: file)
        var shardPositions: [ExactString: Int] = [:]
        for (tensor, node) in try root.require("weight_map").members() {
            let shard = try node.string()
            guard Self.isPlainName(shard) else {
                throw node.unexpected("a plain file name ending in .safetensors")
            }
            let key = ExactString(shard)
            let position = shardPositions[key] ?? shards.count
            if position == shards.count {
                guard shards.count < limits.shardCount else {
                    throw .limitExceeded(
                        file: file, field: "shards in weight_map", found: UInt64(position) + 1,
                        limit: UInt64(limits.shardCount))
                }
                shards.append(shard)
                shardPositions[key] = position
            }
            tensors.append(tensor)
            positions[ExactString(tensor)] = position
        }
        guard !shards.isEmpty else {
            throw .malformed(
                file: file, field: "weight_map", expected: "at least one tensor", found: "none")
        }
    }

    /// The shard that holds `tensor`, as a position in `shards`.
    func shard(of tensor: String) -> Int? {
        positions[ExactString(tensor)]
    }

    /// Whether `name` can only mean a file right beside the index.
    ///
    /// What it links to is the owner's business: a Hugging Face snapshot links to blobs elsewhere.
    private static func isPlainName(_ name: String) -> Bool {
        !name.hasPrefix(".") && name.hasSuffix(".safetensors") && name.utf8.count <= 255
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 }
    }
}
