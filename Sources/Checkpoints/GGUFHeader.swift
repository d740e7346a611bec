/// Everything of a GGUF file that stands before the tensor data.
///
/// The layout of version 3 (version 2 is the same), all numbers little endian:
///
///     "GGUF" | version u32 | tensor count u64 | metadata count u64
///     metadata:  key string | type u32 | value                        x metadata count
///     tensors:   name string | dims u32 | dim u64 x dims | type u32 | offset u64
///     padding to general.alignment
///     data: each tensor at its offset from here, itself aligned
///
/// where a string is `length u64 | bytes` and an array `type u32 | count u64 | values`.
/// Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
struct GGUFHeader: Sendable {
    /// Where each metadata value lies.
    let fields: GGUFFields

    /// The tensors, with byte ranges that count from the start of the file.
    let tensors: [TensorInfo]

    /// The deepest nesting of metadata arrays; real files have one level.
    private static let maximumArrayDepth = 4

    /// What ggml aligns to where `general.alignment` is silent.
    private static let defaultAlignment: UInt64 = 32

    /// ggml's own limit.
    private static let maximumDimensionCount: UInt32 = 4

    /// "GGUF", read as a little-endian number.
    static let magic: UInt32 = 0x4655_4747

    init(
        parsing bytes: Span<UInt8>, file: String, limits: CheckpointLimits
    ) throws(CheckpointError) {
        // What is beyond the limit is no header: a file of lengths that lead on and on must not
        // draw all its pages into memory.
        let header = bytes.extracting(first: limits.headerByteCount)
        do throws(CheckpointError) {
            try self.init(header: header, fileByteCount: bytes.count, file: file, limits: limits)
        } catch .truncated(_, let field, let needed, _) where header.count < bytes.count {
            let (found, overflow) = UInt64(limits.headerByteCount)
                .addingReportingOverflow(needed)
            throw .limitExceeded(
                file: file, field: "header bytes up to \(field)",
                found: overflow ? UInt64.max : found, limit: UInt64(limits.headerByteCount))
        }
    }

    private init(
        header bytes: Span<UInt8>, fileByteCount: Int, file: String, limits: CheckpointLimits
    ) throws(CheckpointError) {
        var cursor = ByteCursor(file: file)
        try Self.checkVersion(&cursor, bytes)
        let tensorCount: UInt64 = try cursor.integer(bytes, "tensor count")
        let fieldCount: UInt64 = try cursor.integer(bytes, "metadata count")
        // A tensor takes at least name length, dimension count, one dimension, type and offset.
        try cursor.checkCount(
            tensorCount, ofAtLeast: 32, limit: limits.tensorCount, bytes, "tensor count")
        try cursor.checkCount(
            fieldCount, ofAtLeast: 13, limit: limits.metadataCount, bytes, "metadata count")

        var fields = GGUFFields()
        for position in 0..<Int(fieldCount) {
            try Self.readField(&fields, position, &cursor, bytes, limits)
        }
        let alignment = try Self.alignment(fields, bytes, file)

        var layout = TensorLayout(file: file)
        for position in 0..<Int(tensorCount) {
            try Self.readTensor(&layout, position, alignment, &cursor, bytes, limits)
        }
        let dataStart = (UInt64(cursor.offset) + alignment - 1) / alignment * alignment
        self.fields = fields
        tensors = try layout.place(
            dataStart: dataStart, fileByteCount: UInt64(fileByteCount), mayLeaveGaps: true)
    }

    private static func checkVersion(
        _ cursor: inout ByteCursor, _ bytes: Span<UInt8>
    ) throws(CheckpointError) {
        let magic: UInt32 = try cursor.integer(bytes, "magic")
        guard magic == Self.magic else {
            throw .malformed(
                file: cursor.file, field: "magic", expected: "\"GGUF\"",
                found: "0x\(String(magic, radix: 16))")
        }
        let version: UInt32 = try cursor.integer(bytes, "version")
        guard (2...3).contains(version) else {
            let isBigEndian = (1...3).contains(version.byteSwapped)
            throw .malformed(
                file: cursor.file, field: "version",
                expected: "2 or 3\(isBigEndian ? ", little endian" : "")",
                found: isBigEndian ? "\(version.byteSwapped), big endian" : "\(version)")
        }
    }

    private static func readField(
        _ fields: inout GGUFFields, _ position: Int, _ cursor: inout ByteCursor,
        _ bytes: Span<UInt8>, _ limits: CheckpointLimits
    ) throws(CheckpointError) {
        let keyRange = try readString(
            &cursor, bytes, maximumByteCount: UInt64(limits.nameByteCount),
            "key of metadata entry \(position)")
        guard let key = bytes.text(in: keyRange) else {
            throw .malformed(
                file: cursor.file, field: "key of metadata entry \(position)",
                expected: "valid UTF-8", found: "other bytes")
        }
        let type = try readType(&cursor, bytes, key)
        let field = try readValue(type, key, &cursor, bytes, limits, depth: 0)
        guard fields.append(key, field) else {
            throw .duplicate(file: cursor.file, field: "metadata", name: key)
        }
    }

    private static func readString(
        _ cursor: inout ByteCursor, _ bytes: Span<UInt8>,
        maximumByteCount: UInt64 = UInt64.max, _ field: @autoclosure () -> String
    ) throws(CheckpointError) -> Range<Int> {
        let byteCount: UInt64 = try cursor.integer(bytes, field())
        guard byteCount <= maximumByteCount else {
            throw .limitExceeded(
                file: cursor.file, field: "length of \(field())", found: byteCount,
                limit: maximumByteCount)
        }
        return try cursor.take(byteCount, bytes, field())
    }

    private static func readType(
        _ cursor: inout ByteCursor, _ bytes: Span<UInt8>, _ key: String
    ) throws(CheckpointError) -> GGUFValueType {
        let number: UInt32 = try cursor.integer(bytes, "type of \(key)")
        guard let type = GGUFValueType(rawValue: number) else {
            throw .malformed(
                file: cursor.file, field: "type of \(key)", expected: "0...12", found: "\(number)")
        }
        return type
    }

    /// Finds where a value ends; nothing is decoded or copied, so long vocabularies cost little.
    private static func readValue(
        _ type: GGUFValueType, _ key: String, _ cursor: inout ByteCursor, _ bytes: Span<UInt8>,
        _ limits: CheckpointLimits, depth: Int
    ) throws(CheckpointError) -> GGUFField {
        if let byteCount = type.byteCount {
            let range = try cursor.take(UInt64(byteCount), bytes, key)
            return GGUFField(type: type, elementType: nil, count: 1, range: range)
        }
        guard type == .array else {
            let range = try readString(&cursor, bytes, key)
            return GGUFField(type: .string, elementType: nil, count: 1, range: range)
        }
        guard depth < maximumArrayDepth else {
            throw .limitExceeded(
                file: cursor.file, field: "nesting of \(key)", found: UInt64(depth + 1),
                limit: UInt64(maximumArrayDepth))
        }
        let elementType = try readType(&cursor, bytes, key)
        let count: UInt64 = try cursor.integer(bytes, "count of \(key)")
        try cursor.checkCount(
            count, ofAtLeast: elementType.minimumByteCount, limit: limits.arrayCount, bytes,
            "count of \(key)")
        let start = cursor.offset
        if let byteCount = elementType.byteCount {
            _ = try cursor.take(count, of: byteCount, bytes, key)
        } else if elementType == .string {
            for _ in 0..<Int(count) { _ = try readString(&cursor, bytes, key) }
        } else {
            for _ in 0..<Int(count) {
                _ = try readValue(.array, key, &cursor, bytes, limits, depth: depth + 1)
            }
        }
        return GGUFField(
            type: .array, elementType: elementType, count: Int(count), range: start..<cursor.offset)
    }

    private static func alignment(
        _ fields: GGUFFields, _ bytes: Span<UInt8>, _ file: String
    ) throws(CheckpointError) -> UInt64 {
        let key = "general.alignment"
        guard let field = fields[key] else { return defaultAlignment }
        guard field.type == .uint32 else {
            throw .malformed(
                file: file, field: key, expected: "a uint32", found: "\(field.typeName)")
        }
        let alignment: UInt32 = bytes.littleEndian(at: field.range.lowerBound)
        guard alignment.nonzeroBitCount == 1, alignment <= 1 << 24 else {
            throw .malformed(
                file: file, field: key, expected: "a power of two up to 2^24",
                found: "\(alignment)")
        }
        return UInt64(alignment)
    }

    private static func readTensor(
        _ layout: inout TensorLayout, _ position: Int, _ alignment: UInt64,
        _ cursor: inout ByteCursor, _ bytes: Span<UInt8>, _ limits: CheckpointLimits
    ) throws(CheckpointError) {
        let nameRange = try readString(
            &cursor, bytes, maximumByteCount: UInt64(limits.nameByteCount),
            "name of tensor \(position)")
        guard let name = bytes.text(in: nameRange) else {
            throw .malformed(
                file: cursor.file, field: "name of tensor \(position)", expected: "valid UTF-8",
                found: "other bytes")
        }
        let field = "tensor \(name)"
        let dimensionCount: UInt32 = try cursor.integer(bytes, field)
        guard (1...maximumDimensionCount).contains(dimensionCount) else {
            throw .malformed(
                file: cursor.file, field: field,
                expected: "1...\(maximumDimensionCount) dimensions", found: "\(dimensionCount)")
        }
        var shape: [Int] = []
        for _ in 0..<dimensionCount {
            let dimension: UInt64 = try cursor.integer(bytes, field)
            guard let dimension = Int(exactly: dimension) else {
                throw .malformed(
                    file: cursor.file, field: field, expected: "dimensions below 2^63",
                    found: "\(dimension)")
            }
            shape.append(dimension)
        }
        // ggml lists the fastest dimension first; row-major order is the reverse.
        shape.reverse()
        let typeNumber: UInt32 = try cursor.integer(bytes, field)
        guard let type = StoredType(ggml: typeNumber) else {
            throw .malformed(
                file: cursor.file, field: field, expected: "a ggml type that is known",
                found: "type \(typeNumber)")
        }
        let offset: UInt64 = try cursor.integer(bytes, field)
        guard offset % alignment == 0 else {
            throw .malformed(
                file: cursor.file, field: "offset of \(field)",
                expected: "a multiple of \(alignment)", found: "\(offset)")
        }
        try layout.append(name: name, type: type, shape: shape, begin: offset, end: nil)
    }
}
