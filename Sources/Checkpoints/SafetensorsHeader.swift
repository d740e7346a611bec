/// Everything of a safetensors file that stands before the tensor data.
///
///     header length u64 | JSON header, padded with spaces | data
///
///     {"__metadata__": {"format": "pt"},
///      "name": {"dtype": "BF16", "shape": [rows, columns], "data_offsets": [begin, end]}, …}
///
/// The offsets count from the start of the data, which the tensors must cover without holes.
/// Source: https://github.com/huggingface/safetensors#format
struct SafetensorsHeader: Sendable {
    /// The strings under `__metadata__`.
    let metadata: [String: String]

    /// The tensors, with byte ranges that count from the start of the file.
    let tensors: [TensorInfo]

    init(
        parsing bytes: Span<UInt8>, file: String, limits: CheckpointLimits
    ) throws(CheckpointError) {
        var cursor = ByteCursor(file: file)
        let byteCount: UInt64 = try cursor.integer(bytes, "header length")
        guard byteCount <= UInt64(limits.headerByteCount) else {
            throw .limitExceeded(
                file: file, field: "header length", found: byteCount,
                limit: UInt64(limits.headerByteCount))
        }
        let header = bytes.extracting(try cursor.take(byteCount, bytes, "header"))
        guard header.count > 0, header[0] == UInt8(ascii: "{") else {
            throw .malformed(
                file: file, field: "header", expected: "JSON that starts with '{'",
                found: header.count > 0 ? "byte 0x\(String(header[0], radix: 16))" : "nothing")
        }
        var reader = SafetensorsHeaderReader(file: file, limits: limits)
        try reader.read(header)
        metadata = reader.metadata
        tensors = try reader.layout.place(
            dataStart: UInt64(cursor.offset), fileByteCount: UInt64(bytes.count),
            mayLeaveGaps: false)
    }
}
