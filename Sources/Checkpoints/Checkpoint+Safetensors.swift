extension Checkpoint {
    /// Reads the header of one safetensors file.
    static func safetensors(
        _ file: MappedFile, _ limits: CheckpointLimits
    ) throws(CheckpointError) -> Part {
        let header = try file.storage.withSpan { bytes throws(CheckpointError) in
            try SafetensorsHeader(parsing: bytes, file: file.path, limits: limits)
        }
        return (file, header.tensors, header.metadata)
    }

    /// Opens every shard and checks that index and shards agree, tensor by tensor, both ways.
    static func shards(
        index path: String, directory: String, _ limits: CheckpointLimits
    ) throws(CheckpointError) -> [Part] {
        let bytes = try RegularFile(path: path).contents(limit: limits.configurationByteCount)
        let index = try ShardIndex(parsing: bytes.span, file: path, limits: limits)
        for shard in index.shards where !RegularFile.exists("\(directory)/\(shard)") {
            throw .missingShard(index: path, shard: shard)
        }
        var parts: [Part] = []
        var found: Set<ExactString> = []
        for (position, shard) in index.shards.enumerated() {
            let part = try safetensors(try MappedFile(path: "\(directory)/\(shard)"), limits)
            for tensor in part.tensors {
                guard index.shard(of: tensor.name) == position else {
                    throw .notInIndex(index: path, tensor: tensor.name, shard: shard)
                }
                found.insert(ExactString(tensor.name))
            }
            parts.append(part)
        }
        for tensor in index.tensors where !found.contains(ExactString(tensor)) {
            let shard = index.shard(of: tensor).map { index.shards[$0] } ?? ""
            throw .missingFromShard(index: path, tensor: tensor, shard: shard)
        }
        return parts
    }
}
