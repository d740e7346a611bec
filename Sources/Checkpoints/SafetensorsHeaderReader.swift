/// Reads the JSON of a safetensors header member by member, so that a huge one never becomes a tree.
struct SafetensorsHeaderReader {
    private(set) var metadata: [String: String] = [:]
    private(set) var layout: TensorLayout
    private let limits: CheckpointLimits
    private var scanner: JSONScanner
    private var tensorCount = 0
    private var hasMetadata = false

    init(file: String, limits: CheckpointLimits) {
        self.limits = limits
        layout = TensorLayout(file: file)
        scanner = JSONScanner(file: file)
    }

    mutating func read(_ bytes: Span<UInt8>) throws(CheckpointError) {
        var isFirst = true
        try scanner.expect(UInt8(ascii: "{"), bytes)
        while let name = try nextKey(&isFirst, bytes) {
            if name == "__metadata__" {
                guard !hasMetadata else {
                    throw .duplicate(file: scanner.file, field: "header", name: name)
                }
                hasMetadata = true
                try readMetadata(bytes)
            } else {
                try readTensor(name, bytes)
            }
        }
        try scanner.expectEnd(bytes)
    }

    private mutating func readMetadata(_ bytes: Span<UInt8>) throws(CheckpointError) {
        var isFirst = true
        try scanner.expect(UInt8(ascii: "{"), bytes)
        while let key = try nextKey(&isFirst, bytes) {
            guard metadata.count < limits.metadataCount else {
                throw .limitExceeded(
                    file: scanner.file, field: "entries of __metadata__",
                    found: UInt64(metadata.count) + 1, limit: UInt64(limits.metadataCount))
            }
            guard scanner.peek(bytes) == UInt8(ascii: "\"") else {
                throw scanner.failure(bytes, expected: "a string for \(key) of __metadata__")
            }
            guard metadata.updateValue(try scanner.string(bytes), forKey: key) == nil else {
                throw .duplicate(file: scanner.file, field: "__metadata__", name: key)
            }
        }
    }

    private mutating func readTensor(
        _ name: String, _ bytes: Span<UInt8>
    ) throws(CheckpointError) {
        tensorCount += 1
        guard tensorCount <= limits.tensorCount else {
            throw .limitExceeded(
                file: scanner.file, field: "tensors", found: UInt64(tensorCount),
                limit: UInt64(limits.tensorCount))
        }
        let field = "tensor \(name)"
        var type: StoredType?
        var shape: [Int]?
        var offsets: [Int]?
        var isFirst = true
        try scanner.expect(UInt8(ascii: "{"), bytes)
        while let key = try nextKey(&isFirst, bytes) {
            let isRepeated: Bool
            switch key {
            case "dtype":
                isRepeated = type != nil
                type = try readType(field, bytes)
            case "shape":
                isRepeated = shape != nil
                shape = try readIntegers("shape of \(field)", limits.dimensionCount, bytes)
            case "data_offsets":
                isRepeated = offsets != nil
                offsets = try readIntegers("data_offsets of \(field)", 2, bytes)
            default:
                throw .malformed(
                    file: scanner.file, field: field, expected: "dtype, shape and data_offsets",
                    found: "\"\(printable(key, maximumCount: 60))\"")
            }
            guard !isRepeated else {
                throw .duplicate(file: scanner.file, field: field, name: key)
            }
        }
        guard let type else { throw missing("dtype", field) }
        guard let shape else { throw missing("shape", field) }
        guard let offsets else { throw missing("data_offsets", field) }
        guard offsets.count == 2 else {
            throw .malformed(
                file: scanner.file, field: "data_offsets of \(field)", expected: "two offsets",
                found: "\(offsets.count)")
        }
        try layout.append(
            name: name, type: type, shape: shape, begin: UInt64(offsets[0]),
            end: UInt64(offsets[1]))
    }

    private func missing(_ key: String, _ field: String) -> CheckpointError {
        .missingField(file: scanner.file, field: "\(key) of \(field)")
    }

    private mutating func readType(
        _ field: String, _ bytes: Span<UInt8>
    ) throws(CheckpointError) -> StoredType {
        guard scanner.peek(bytes) == UInt8(ascii: "\"") else {
            throw scanner.failure(bytes, expected: "a string for dtype of \(field)")
        }
        let name = try scanner.string(bytes)
        guard let type = StoredType(safetensors: name) else {
            throw .malformed(
                file: scanner.file, field: "dtype of \(field)",
                expected: "a type that is known", found: "\"\(printable(name, maximumCount: 60))\"")
        }
        return type
    }

    private mutating func readIntegers(
        _ field: String, _ maximumCount: Int, _ bytes: Span<UInt8>
    ) throws(CheckpointError) -> [Int] {
        var integers: [Int] = []
        try scanner.expect(UInt8(ascii: "["), bytes)
        guard !scanner.take(UInt8(ascii: "]"), bytes) else { return integers }
        repeat {
            guard integers.count < maximumCount else {
                throw .limitExceeded(
                    file: scanner.file, field: "numbers in \(field)",
                    found: UInt64(integers.count) + 1, limit: UInt64(maximumCount))
            }
            let value = try scanner.scalar(bytes)
            guard case .integer(let integer) = value, integer >= 0 else {
                throw .malformed(
                    file: scanner.file, field: field, expected: "integers from 0 to 2^63 - 1",
                    found: value.summary)
            }
            integers.append(integer)
        } while scanner.take(UInt8(ascii: ","), bytes)
        try scanner.expect(UInt8(ascii: "]"), bytes)
        return integers
    }

    /// The next member's key, its colon taken; nil, and the brace taken, at the object's end.
    private mutating func nextKey(
        _ isFirst: inout Bool, _ bytes: Span<UInt8>
    ) throws(CheckpointError) -> String? {
        if isFirst {
            isFirst = false
            if scanner.take(UInt8(ascii: "}"), bytes) { return nil }
        } else {
            if scanner.take(UInt8(ascii: "}"), bytes) { return nil }
            guard scanner.take(UInt8(ascii: ","), bytes) else {
                throw scanner.failure(bytes, expected: "',' or '}'")
            }
        }
        guard scanner.peek(bytes) == UInt8(ascii: "\"") else {
            throw scanner.failure(bytes, expected: "a key in quotes")
        }
        let key = try scanner.string(bytes)
        guard key.utf8.count <= limits.nameByteCount else {
            throw .limitExceeded(
                file: scanner.file, field: "length of a name", found: UInt64(key.utf8.count),
                limit: UInt64(limits.nameByteCount))
        }
        try scanner.expect(UInt8(ascii: ":"), bytes)
        return key
    }
}
