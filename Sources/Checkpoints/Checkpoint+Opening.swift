import Kernels

extension Checkpoint {
    /// One file of weights: its bytes, its tensors and, for safetensors, its `__metadata__`.
    typealias Part = (file: MappedFile, tensors: [TensorInfo], metadata: [String: String])

    static let singleFile = "model.safetensors"
    static let indexFile = "model.safetensors.index.json"

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
