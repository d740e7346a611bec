import Kernels

extension Checkpoint {
    typealias Part = (file: MappedFile, tensors: [TensorInfo], metadata: [String: String])

    private static let singleFile = "model.safetensors"
    private static let indexFile = "model.safetensors.index.json"

    /// Opens the checkpoint at `path` and reads all headers; weights are not touched.
    ///
    /// A directory is a safetensors checkpoint where it holds `model.safetensors` or
    /// `model.safetensors.index.json` (the single file wins, as in transformers) with `config.json`
    /// beside it; otherwise it must hold exactly one GGUF model.
    ///
    /// - Parameters:
    ///   - path: A directory, a `.safetensors` file or a `.gguf` file.
    ///   - limits: What the headers may cost.
    /// - Returns: The checkpoint, every tensor inside its file and no two overlapping.
    /// - Throws: `CheckpointError` for everything that is wrong with it.
    public static func open(
        path: String, limits: CheckpointLimits = CheckpointLimits()
    ) throws(CheckpointError) -> Checkpoint {
        if RegularFile.isDirectory(path) {
            return try open(directory: withoutTrailingSlashes(path), limits: limits)
        }
        let file = try MappedFile(path: path)
        let isGGUF = try file.storage.withSpan { bytes in
            bytes.count >= 4 && bytes.littleEndian(at: 0) as UInt32 == GGUFHeader.magic
        }
        if isGGUF || path.hasSuffix(".gguf") {
            return try open(ggufFile: file, location: path, limits: limits)
        }
        guard path.hasSuffix(".safetensors") else {
            throw .notACheckpoint(
                path: path,
                reason: "expected a directory, a .safetensors or a .gguf file, found neither")
        }
        return try Checkpoint(
            format: .safetensors, location: path, limits: limits,
            companionDirectory: directory(of: path), gguf: nil,
            parts: [try safetensors(file, limits)])
    }

    private static func open(
        directory: String, limits: CheckpointLimits
    ) throws(CheckpointError) -> Checkpoint {
        let single = "\(directory)/\(singleFile)"
        let index = "\(directory)/\(indexFile)"
        let parts: [Part]
        if RegularFile.exists(single) {
            parts = [try safetensors(try MappedFile(path: single), limits)]
        } else if RegularFile.exists(index) {
            parts = try shards(index: index, directory: directory, limits)
        } else {
            let path = try onlyGGUF(in: directory)
            return try open(ggufFile: try MappedFile(path: path), location: path, limits: limits)
        }
        let checkpoint = try Checkpoint(
            format: .safetensors, location: directory, limits: limits,
            companionDirectory: directory, gguf: nil, parts: parts)
        guard try checkpoint.bytes(of: .configuration) != nil else {
            throw .unreadable(
                file: "\(directory)/\(CompanionFile.configuration.rawValue)",
                reason: "expected a file beside the weights, found none")
        }
        return checkpoint
    }

    private static func safetensors(
        _ file: MappedFile, _ limits: CheckpointLimits
    ) throws(CheckpointError) -> Part {
        let header = try file.storage.withSpan { bytes throws(CheckpointError) in
            try SafetensorsHeader(parsing: bytes, file: file.path, limits: limits)
        }
        return (file, header.tensors, header.metadata)
    }

    /// Opens every shard and checks that index and shards agree, tensor by tensor, both ways.
    private static func shards(
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

    private static func open(
        ggufFile file: MappedFile, location: String, limits: CheckpointLimits
    ) throws(CheckpointError) -> Checkpoint {
        let (header, metadata) = try gguf(file, limits)
        let partCount = try metadata.unsigned("split.count") ?? 1
        var parts: [Part] = [(file, header.tensors, [:])]
        if partCount > 1 {
            guard partCount <= limits.shardCount else {
                throw .limitExceeded(
                    file: file.path, field: "split.count", found: UInt64(partCount),
                    limit: UInt64(limits.shardCount))
            }
            guard let names = GGUFSplitName(path: file.path), names.number == 1,
                names.count == partCount
            else {
                throw .malformed(
                    file: file.path, field: "split.count",
                    expected: "the first file of the split, named …-00001-of-"
                        + GGUFSplitName.padded(partCount) + ".gguf",
                    found: "another file name")
            }
            for number in 2...partCount {
                let path = names.path(number: number)
                guard RegularFile.exists(path) else {
                    throw .missingShard(index: file.path, shard: path)
                }
                let part = try MappedFile(path: path)
                let (partHeader, partMetadata) = try gguf(part, limits)
                let partNumber = try partMetadata.unsigned("split.no")
                guard partNumber == number - 1 else {
                    throw .malformed(
                        file: path, field: "split.no", expected: "\(number - 1)",
                        found: partNumber.map(String.init) ?? "nothing")
                }
                parts.append((part, partHeader.tensors, [:]))
            }
            try checkTensorCount(parts.map(\.tensors.count), metadata)
        }
        return try Checkpoint(
            format: .gguf, location: location, limits: limits, companionDirectory: nil,
            gguf: metadata, parts: parts)
    }

    private static func checkTensorCount(
        _ counts: [Int], _ metadata: GGUFMetadata
    ) throws(CheckpointError) {
        let key = "split.tensors.count"
        let found = counts.reduce(0, +)
        guard let expected = try metadata.unsigned(key), expected != found else { return }
        throw metadata.malformed(key, "\(expected) tensors in all files", "\(found)")
    }

    private static func gguf(
        _ file: MappedFile, _ limits: CheckpointLimits
    ) throws(CheckpointError) -> (header: GGUFHeader, metadata: GGUFMetadata) {
        let header = try file.storage.withSpan { bytes throws(CheckpointError) in
            try GGUFHeader(parsing: bytes, file: file.path, limits: limits)
        }
        let metadata = GGUFMetadata(
            fields: header.fields, storage: file.storage, file: file.path)
        return (header, metadata)
    }

    /// The path of the one GGUF model in `directory`; of a split set, the first file.
    private static func onlyGGUF(in directory: String) throws(CheckpointError) -> String {
        let names = try DirectoryListing.names(in: directory, limit: 100_000)
        let models = names.filter { name in
            name.hasSuffix(".gguf") && GGUFSplitName(path: name)?.number ?? 1 == 1
        }
        guard let model = models.first, models.count == 1 else {
            let found =
                models.isEmpty
                ? "none of them"
                : "\(models.count) GGUF models (\(models.sorted().prefix(3).joined(separator: ", ")))"
            throw .notACheckpoint(
                path: directory,
                reason: "expected \(singleFile), \(indexFile) or one .gguf file, found \(found)")
        }
        return "\(directory)/\(model)"
    }

    private static func withoutTrailingSlashes(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.last == "/" { path = path.dropLast() }
        return String(path)
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
