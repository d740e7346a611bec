/// A position in little-endian bytes that never trusts a length it reads.
///
/// The bytes travel beside the cursor because a span cannot be stored.
struct ByteCursor {
    /// The name that errors carry.
    let file: String

    /// The next byte to read, at most the byte count.
    private(set) var offset: Int

    init(file: String, offset: Int = 0) {
        self.file = file
        self.offset = offset
    }

    /// Takes a little-endian integer.
    mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: Span<UInt8>, _ field: @autoclosure () -> String
    ) throws(CheckpointError) -> Integer {
        let range = try take(UInt64(MemoryLayout<Integer>.size), bytes, field())
        return bytes.littleEndian(at: range.lowerBound)
    }

    /// Takes `count` bytes and says where they lie.
    mutating func take(
        _ count: UInt64, _ bytes: Span<UInt8>, _ field: @autoclosure () -> String
    ) throws(CheckpointError) -> Range<Int> {
        let available = bytes.count - offset
        guard count <= UInt64(available) else {
            throw .truncated(
                file: file, field: field(), neededByteCount: count,
                availableByteCount: UInt64(available))
        }
        let start = offset
        offset += Int(count)
        return start..<offset
    }

    /// Takes `count` fields of `size` bytes each.
    mutating func take(
        _ count: UInt64, of size: Int, _ bytes: Span<UInt8>, _ field: @autoclosure () -> String
    ) throws(CheckpointError) -> Range<Int> {
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: UInt64(size))
        return try take(overflow ? UInt64.max : byteCount, bytes, field())
    }

    /// Refuses a count of fields that could not even fit the bytes that are left, or the limit.
    func checkCount(
        _ count: UInt64, ofAtLeast size: Int, limit: Int, _ bytes: Span<UInt8>, _ field: String
    ) throws(CheckpointError) {
        let available = UInt64(bytes.count - offset)
        guard count <= available / UInt64(size) else {
            let (needed, overflow) = count.multipliedReportingOverflow(by: UInt64(size))
            throw .truncated(
                file: file, field: "\(field) (\(count))",
                neededByteCount: overflow ? UInt64.max : needed, availableByteCount: available)
        }
        guard count <= UInt64(limit) else {
            throw .limitExceeded(file: file, field: field, found: count, limit: UInt64(limit))
        }
    }
}

extension Span<UInt8> {
    /// The little-endian number at `offset`, which must lie inside.
    func littleEndian<Integer: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Integer {
        // Every bit pattern is an integer, and the load checks its bounds.
        unsafe Integer(
            littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    /// The text in `range`, or nil where it is no UTF-8.
    func text(in range: Range<Int>) -> String? {
        guard let text = try? UTF8Span(validating: extracting(range)) else { return nil }
        return String(copying: text)
    }
}
