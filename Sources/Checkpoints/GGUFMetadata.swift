import Kernels

/// The metadata of a GGUF file: typed values by key, decoded when they are asked for.
///
/// Each accessor returns nil where the key is absent and throws where its value has another type.
public struct GGUFMetadata: Sendable {
    /// The file that errors name.
    public let file: String
    private let fields: GGUFFields
    private let storage: ByteStorage

    init(fields: GGUFFields, storage: ByteStorage, file: String) {
        self.fields = fields
        self.storage = storage
        self.file = file
    }

    /// All keys, in the order of the file.
    public var keys: [String] { fields.keys }

    /// Whether there is a value for `key`, of whatever type.
    public func contains(_ key: String) -> Bool {
        fields[key] != nil
    }

    /// How many values the array `key` holds, one for a scalar; nil where there is none.
    public func count(_ key: String) -> Int? {
        fields[key]?.count
    }

    /// What `key` holds in a word or two: `a uint32`, `an array of string`; nil for nothing.
    public func typeName(_ key: String) -> String? {
        fields[key]?.typeName
    }

    /// The string at `key`.
    public func string(_ key: String) throws(CheckpointError) -> String? {
        guard let field = fields[key] else { return nil }
        guard field.type == .string else { throw unexpected(key, field, "a string") }
        guard let text = try storage.withSpan({ bytes in bytes.text(in: field.range) }) else {
            throw malformed(key, "valid UTF-8", "other bytes")
        }
        return text
    }

    /// The boolean at `key`.
    public func bool(_ key: String) throws(CheckpointError) -> Bool? {
        guard let field = fields[key] else { return nil }
        guard field.type == .bool else { throw unexpected(key, field, "a bool") }
        let byte: UInt8 = try storage.withSpan { bytes in bytes[field.range.lowerBound] }
        guard byte <= 1 else { throw malformed(key, "0 or 1", "\(byte)") }
        return byte == 1
    }

    /// The integer at `key`, of any integer type that fits.
    public func integer(_ key: String) throws(CheckpointError) -> Int? {
        guard let field = fields[key] else { return nil }
        guard field.type.isInteger else { throw unexpected(key, field, "an integer") }
        return try storage.withSpan { bytes throws(CheckpointError) in
            try integer(key, field.type, bytes, field.range.lowerBound)
        }
    }

    /// The integer at `key`, which must not be negative.
    public func unsigned(_ key: String) throws(CheckpointError) -> Int? {
        guard let value = try integer(key) else { return nil }
        guard value >= 0 else { throw malformed(key, "an integer of at least 0", "\(value)") }
        return value
    }

    /// The number at `key`, integers included; finite.
    public func float(_ key: String) throws(CheckpointError) -> Double? {
        guard let field = fields[key] else { return nil }
        guard field.type.isFloat || field.type.isInteger else {
            throw unexpected(key, field, "a number")
        }
        return try storage.withSpan { bytes throws(CheckpointError) in
            try number(key, field.type, bytes, field.range.lowerBound)
        }
    }

    /// The array of strings at `key`, each of which must be valid UTF-8.
    public func strings(_ key: String) throws(CheckpointError) -> [String]? {
        try decodeStrings(key) { bytes, range throws(CheckpointError) in
            guard let text = bytes.text(in: range) else {
                throw malformed(key, "valid UTF-8 in every string", "other bytes")
            }
            return text
        }
    }

    /// The array of strings at `key` as they stand in the file, whatever their encoding.
    public func byteStrings(_ key: String) throws(CheckpointError) -> [[UInt8]]? {
        try decodeStrings(key) { bytes, range in
            let text = bytes.extracting(range)
            return [UInt8](capacity: text.count) { target in
                for position in text.indices { target.append(text[position]) }
            }
        }
    }

    /// The array of integers at `key`, of any integer or boolean type that fits.
    public func integers(_ key: String) throws(CheckpointError) -> [Int]? {
        try decodeNumbers(key, "an array of integers", accepts: { $0.isInteger || $0 == .bool }) {
            type, bytes, offset throws(CheckpointError) in
            try integer(key, type, bytes, offset)
        }
    }

    /// The array of numbers at `key`, integers included; each finite.
    public func floats(_ key: String) throws(CheckpointError) -> [Float]? {
        try decodeNumbers(key, "an array of numbers", accepts: { $0.isFloat || $0.isInteger }) {
            type, bytes, offset throws(CheckpointError) in
            Float(try number(key, type, bytes, offset))
        }
    }

    private func decodeStrings<Element>(
        _ key: String,
        _ decode: (Span<UInt8>, Range<Int>) throws(CheckpointError) -> Element
    ) throws(CheckpointError) -> [Element]? {
        guard let field = fields[key] else { return nil }
        guard field.elementType == .string else {
            throw unexpected(key, field, "an array of strings")
        }
        return try storage.withSpan { bytes throws(CheckpointError) in
            var cursor = ByteCursor(file: file, offset: field.range.lowerBound)
            var elements: [Element] = []
            elements.reserveCapacity(field.count)
            for _ in 0..<field.count {
                let byteCount: UInt64 = try cursor.integer(bytes, key)
                elements.append(try decode(bytes, try cursor.take(byteCount, bytes, key)))
            }
            return elements
        }
    }

    private func decodeNumbers<Element>(
        _ key: String, _ expected: String, accepts: (GGUFValueType) -> Bool,
        _ decode: (GGUFValueType, Span<UInt8>, Int) throws(CheckpointError) -> Element
    ) throws(CheckpointError) -> [Element]? {
        guard let field = fields[key] else { return nil }
        guard let type = field.elementType, let byteCount = type.byteCount, accepts(type) else {
            throw unexpected(key, field, expected)
        }
        return try storage.withSpan { bytes throws(CheckpointError) in
            var elements: [Element] = []
            elements.reserveCapacity(field.count)
            for offset in stride(
                from: field.range.lowerBound, to: field.range.upperBound, by: byteCount)
            {
                elements.append(try decode(type, bytes, offset))
            }
            return elements
        }
    }

    private func integer(
        _ key: String, _ type: GGUFValueType, _ bytes: Span<UInt8>, _ offset: Int
    ) throws(CheckpointError) -> Int {
        switch type {
        case .uint8, .bool: return Int(bytes.littleEndian(at: offset) as UInt8)
        case .int8: return Int(bytes.littleEndian(at: offset) as Int8)
        case .uint16: return Int(bytes.littleEndian(at: offset) as UInt16)
        case .int16: return Int(bytes.littleEndian(at: offset) as Int16)
        case .uint32: return Int(bytes.littleEndian(at: offset) as UInt32)
        case .int32: return Int(bytes.littleEndian(at: offset) as Int32)
        case .int64: return Int(bytes.littleEndian(at: offset) as Int64)
        default:
            let value: UInt64 = bytes.littleEndian(at: offset)
            guard let integer = Int(exactly: value) else {
                throw malformed(key, "an integer below 2^63", "\(value)")
            }
            return integer
        }
    }

    private func number(
        _ key: String, _ type: GGUFValueType, _ bytes: Span<UInt8>, _ offset: Int
    ) throws(CheckpointError) -> Double {
        let value: Double
        switch type {
        case .float32: value = Double(Float(bitPattern: bytes.littleEndian(at: offset)))
        case .float64: value = Double(bitPattern: bytes.littleEndian(at: offset))
        default: value = Double(try integer(key, type, bytes, offset))
        }
        guard value.isFinite else { throw malformed(key, "a finite number", "\(value)") }
        return value
    }

    private func unexpected(
        _ key: String, _ field: GGUFField, _ expected: String
    ) -> CheckpointError {
        malformed(key, expected, field.typeName)
    }

    /// The error that something else than `expected` stands at `key`.
    public func malformed(_ key: String, _ expected: String, _ found: String) -> CheckpointError {
        .malformed(file: file, field: key, expected: expected, found: found)
    }
}

extension GGUFValueType {
    fileprivate var isInteger: Bool {
        switch self {
        case .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
        default: false
        }
    }

    fileprivate var isFloat: Bool {
        self == .float32 || self == .float64
    }
}
