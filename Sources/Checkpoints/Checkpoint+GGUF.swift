extension Checkpoint {
    /// Opens a GGUF model by its only or first file; the others of a split set lie beside it.
    static func open(
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
    static func onlyGGUF(in directory: String) throws(CheckpointError) -> String {
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
}
