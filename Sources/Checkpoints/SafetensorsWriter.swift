import Glibc
public import Kernels

/// Writes a safetensors file tensor by tensor, so that at every moment the path holds either the
/// old file or the complete new one.
///
/// The header is written first and so needs every name, type and shape beforehand; the bytes follow
/// in the same order, in pieces of any size. They go to a temporary file in the same directory,
/// which `finish` flushes to the disk and renames; a writer that is dropped removes it.
public struct SafetensorsWriter: ~Copyable {
    /// A tensor that will be written.
    public struct Declaration: Sendable {
        let name: String
        let type: ElementType
        let shape: [Int]

        /// Announces a tensor.
        ///
        /// - Parameters:
        ///   - name: Its name, unique in the file.
        ///   - type: f32, f16 or bf16: the format knows no block types.
        ///   - shape: Its dimensions, slowest first.
        public init(name: String, type: ElementType, shape: [Int]) {
            self.name = name
            self.type = type
            self.shape = shape
        }
    }

    private let path: String
    private let temporaryPath: String
    private var descriptor: CInt
    private var remainingByteCount: Int

    /// Opens the temporary file and writes the header.
    ///
    /// - Parameters:
    ///   - path: Where the file shall appear.
    ///   - tensors: What will follow, in this order.
    ///   - metadata: Strings for `__metadata__`.
    /// - Throws: `CheckpointError` where a tensor cannot be written or the file not be created.
    public init(
        path: String, tensors: [Declaration], metadata: [String: String] = [:]
    ) throws(CheckpointError) {
        let (header, dataByteCount) = try Self.header(tensors, metadata, path)
        let temporaryPath = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).partial"
        let opened = unsafe Glibc.open(
            temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard opened >= 0 else {
            throw .unwritable(file: path, reason: RegularFile.reason(errno))
        }
        do throws(CheckpointError) {
            try Self.write(header.span, to: opened, path)
        } catch {
            close(opened)
            unsafe unlink(temporaryPath)
            throw error
        }
        self.path = path
        self.temporaryPath = temporaryPath
        descriptor = opened
        remainingByteCount = dataByteCount
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unsafe unlink(temporaryPath)
    }

    /// Appends bytes of the tensors, which follow each other without gaps.
    ///
    /// - Parameter bytes: The next of them; a piece may end inside a tensor.
    /// - Throws: `CheckpointError.unwritable`, also for more bytes than were announced.
    public mutating func append(_ bytes: Span<UInt8>) throws(CheckpointError) {
        guard bytes.count <= remainingByteCount else {
            throw .unwritable(
                file: path,
                reason: "expected \(remainingByteCount) more bytes, found \(bytes.count)")
        }
        try Self.write(bytes, to: descriptor, path)
        remainingByteCount -= bytes.count
    }

    /// Appends all bytes of a tensor.
    ///
    /// - Parameter tensor: The next one that was announced, of the same type and shape.
    /// - Throws: `CheckpointError.unwritable`.
    public mutating func append(_ tensor: TensorView) throws(CheckpointError) {
        let end = tensor.byteOffset + tensor.byteCount
        try unsafe tensor.storage.withUnsafeBytes { bytes throws(CheckpointError) in
            let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[tensor.byteOffset..<end])
            try append(unsafe Span<UInt8>(_unsafeBytes: part))
        }
    }

    /// Puts the finished file in place; once this returns it survives a crash of the machine.
    ///
    /// - Throws: `CheckpointError.unwritable`, also where bytes are missing.
    public consuming func finish() throws(CheckpointError) {
        guard remainingByteCount == 0 else {
            throw .unwritable(
                file: path, reason: "expected \(remainingByteCount) more bytes, found the end")
        }
        guard fsync(descriptor) == 0 else { throw failure() }
        guard unsafe rename(temporaryPath, path) == 0 else { throw failure() }
        close(descriptor)
        descriptor = -1
        try Self.flushDirectory(of: path)
    }

    /// Writes a whole file at once.
    ///
    /// - Parameters:
    ///   - tensors: Names and contents, f32, f16 or bf16.
    ///   - metadata: Strings for `__metadata__`.
    ///   - path: Where the file shall appear.
    /// - Throws: `CheckpointError` where a tensor cannot be written or the disk fails.
    public static func write(
        _ tensors: [(name: String, tensor: TensorView)], metadata: [String: String] = [:],
        to path: String
    ) throws(CheckpointError) {
        let declarations = tensors.map { name, tensor in
            Declaration(name: name, type: tensor.elementType, shape: tensor.shape)
        }
        var writer = try SafetensorsWriter(path: path, tensors: declarations, metadata: metadata)
        for (_, tensor) in tensors { try writer.append(tensor) }
        try writer.finish()
    }

    private static func write(
        _ bytes: Span<UInt8>, to descriptor: CInt, _ path: String
    ) throws(CheckpointError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw .unwritable(file: path, reason: RegularFile.reason(errno))
            }
            written += count
        }
    }

    private func failure() -> CheckpointError {
        .unwritable(file: path, reason: RegularFile.reason(errno))
    }

    /// Flushes the directory entry, without which a rename may not survive a crash.
    private static func flushDirectory(of path: String) throws(CheckpointError) {
        let directory = Checkpoint.directory(of: path)
        let descriptor = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .unwritable(file: path, reason: RegularFile.reason(errno))
        }
        defer { close(descriptor) }
        // Some file systems cannot flush directories; there, the rename is as safe as it gets.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw .unwritable(file: path, reason: RegularFile.reason(errno))
        }
    }
}
