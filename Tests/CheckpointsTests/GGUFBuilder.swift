@testable import Checkpoints

/// Writes GGUF files, honest or not.
struct GGUFBuilder {
    var magic: [UInt8] = Array("GGUF".utf8)
    var version: UInt32 = 3
    var alignment = 32
    var tensorCount: UInt64?
    var fieldCount: UInt64?
    private var fields: [[UInt8]] = []
    private var tensors: [[UInt8]] = []
    private var data: [UInt8] = []

    /// The bytes of `value`, least significant first.
    static func bytes<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
        (0..<Integer.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func string(_ text: String) -> [UInt8] {
        bytes(UInt64(text.utf8.count)) + Array(text.utf8)
    }

    mutating func field(_ key: String, type: UInt32, _ payload: [UInt8]) {
        fields.append(Self.string(key) + Self.bytes(type) + payload)
    }

    mutating func field(_ key: String, _ text: String) {
        field(key, type: 8, Self.string(text))
    }

    mutating func field(_ key: String, _ value: UInt32) {
        field(key, type: 4, Self.bytes(value))
    }

    mutating func field(_ key: String, elements type: UInt32, count: UInt64, _ payload: [UInt8]) {
        field(key, type: 9, Self.bytes(type) + Self.bytes(count) + payload)
    }

    /// Adds a tensor; `dimensions` as ggml lists them, fastest first.
    mutating func tensor(
        _ name: String, type: UInt32, dimensions: [UInt64], offset: UInt64? = nil,
        contents: [UInt8] = []
    ) {
        let here = UInt64(data.count)
        tensors.append(
            Self.string(name) + Self.bytes(UInt32(dimensions.count))
                + dimensions.flatMap { Self.bytes($0) } + Self.bytes(type)
                + Self.bytes(offset ?? here))
        data += contents
        data += [UInt8](repeating: 0, count: (alignment - data.count % alignment) % alignment)
    }

    var file: [UInt8] {
        var bytes = magic + Self.bytes(version)
        bytes += Self.bytes(tensorCount ?? UInt64(tensors.count))
        bytes += Self.bytes(fieldCount ?? UInt64(fields.count))
        bytes += fields.joined()
        bytes += tensors.joined()
        bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
        return bytes + data
    }

    /// The error that reading the file gives.
    func error(limits: CheckpointLimits = CheckpointLimits()) -> CheckpointError? {
        SafetensorsBuilder.error { () throws(CheckpointError) in
            _ = try GGUFHeader(parsing: file.span, file: "x.gguf", limits: limits)
        }
    }
}
