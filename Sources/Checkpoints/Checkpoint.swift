public import Kernels

/// Named, typed, shaped tensors and the files that describe them, from one place on disk.
///
/// Weights stay in their files, mapped; copying a checkpoint copies references.
public struct Checkpoint: Sendable {
    /// What kind of file holds the weights.
    public enum Format: Sendable {
        /// `model.safetensors`, or several with an index, described by JSON files beside them.
        case safetensors
        /// One `.gguf` file, or a split set, that describes itself.
        case gguf
    }

    /// What kind of file holds the weights.
    public let format: Format

    /// The path it was opened by.
    public let location: String

    /// All tensors, in the order of the files.
    public let tensors: [TensorInfo]

    /// The metadata of the (first) GGUF file; nil for safetensors.
    public let gguf: GGUFMetadata?

    /// The strings under `__metadata__` of the (first) safetensors file; empty for GGUF.
    public let metadata: [String: String]

    /// The paths of the files that hold the weights.
    public var weightFiles: [String] { files.map(\.path) }

    let limits: CheckpointLimits
    let files: [MappedFile]
    private let fileOfTensor: [Int]
    private let positions: [ExactString: Int]
    private let companionDirectory: String?

    init(
        format: Format, location: String, limits: CheckpointLimits, companionDirectory: String?,
        gguf: GGUFMetadata?, parts: [Part]
    ) throws(CheckpointError) {
        self.format = format
        self.location = location
        self.limits = limits
        self.companionDirectory = companionDirectory
        self.gguf = gguf
        metadata = parts.first?.metadata ?? [:]
        files = parts.map(\.file)
        var tensors: [TensorInfo] = []
        var fileOfTensor: [Int] = []
        var positions: [ExactString: Int] = [:]
        for (position, part) in parts.enumerated() {
            for tensor in part.tensors {
                guard positions.updateValue(tensors.count, forKey: ExactString(tensor.name)) == nil
                else {
                    throw .duplicate(file: part.file.path, field: "tensors", name: tensor.name)
                }
                tensors.append(tensor)
                fileOfTensor.append(position)
            }
        }
        self.tensors = tensors
        self.fileOfTensor = fileOfTensor
        self.positions = positions
    }

    /// The names of all tensors, in the order of the files.
    public var tensorNames: [String] { tensors.map(\.name) }

    /// What the files say about the tensor `name`, or nil where there is none.
    public func info(named name: String) -> TensorInfo? {
        positions[ExactString(name)].map { tensors[$0] }
    }

    /// The tensor `name`, or nil where there is none or its type is none to compute with.
    public func tensor(named name: String) -> TensorView? {
        positions[ExactString(name)].flatMap { view(at: $0) }
    }

    /// The tensor `name`, which must be there in this shape and one of these types.
    ///
    /// - Parameters:
    ///   - name: Its name in the files.
    ///   - shape: The dimensions it must have, slowest first.
    ///   - types: The element types that the caller can use.
    /// - Returns: A view of the mapped file.
    /// - Throws: `missingTensor`, `wrongShape` or `wrongType`.
    public func require(
        _ name: String, shape: [Int], types: [ElementType] = ElementType.allCases
    ) throws(CheckpointError) -> TensorView {
        guard let position = positions[ExactString(name)] else {
            throw .missingTensor(file: location, tensor: name)
        }
        let info = tensors[position]
        let file = files[fileOfTensor[position]].path
        guard info.shape == shape else {
            throw .wrongShape(file: file, tensor: name, expected: shape, found: info.shape)
        }
        guard let type = info.type.elementType, types.contains(type), let view = view(at: position)
        else {
            throw .wrongType(
                file: file, tensor: name, expected: types.map { $0.rawValue.uppercased() },
                found: info.type.name)
        }
        return view
    }

    /// The bytes of a file beside the weights; nil where there is none or the format is GGUF.
    ///
    /// - Parameter companion: Which file.
    /// - Returns: The whole file, read anew each time.
    /// - Throws: `CheckpointError` where something is there that cannot be read or is too large.
    public func bytes(of companion: CompanionFile) throws(CheckpointError) -> [UInt8]? {
        guard let path = path(of: companion), RegularFile.exists(path) else { return nil }
        return try RegularFile(path: path).contents(limit: companion.byteLimit(limits))
    }

    /// A JSON file beside the weights, parsed; nil where there is none or the format is GGUF.
    ///
    /// - Parameter companion: Which file; `tokenizer` is better read by a reader of its own.
    /// - Returns: The top of its tree.
    /// - Throws: `CheckpointError` where it cannot be read or is no JSON.
    public func json(_ companion: CompanionFile) throws(CheckpointError) -> JSONNode? {
        guard let path = path(of: companion), let bytes = try bytes(of: companion) else {
            return nil
        }
        return JSONNode(
            root: try JSONValue(parsing: bytes.span, file: path, limits: limits), file: path)
    }

    /// Where `companion` would lie; nil for GGUF.
    public func path(of companion: CompanionFile) -> String? {
        companionDirectory.map { "\($0)/\(companion.rawValue)" }
    }

    /// The file that holds the tensor at `position`.
    func file(at position: Int) -> MappedFile {
        files[fileOfTensor[position]]
    }

    /// The tensor at `position`, or nil where its type is none to compute with.
    func view(at position: Int) -> TensorView? {
        let info = tensors[position]
        guard let type = info.type.elementType else { return nil }
        // The ranges were checked against the file when it was opened.
        return try? TensorView(
            storage: file(at: position).storage, byteOffset: info.byteRange.lowerBound,
            elementType: type, shape: info.shape)
    }
}
