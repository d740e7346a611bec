/// Builds a `JSONValue` from a scanner, keeping the open containers on a list of its own.
///
/// A text of a million brackets must be an error, not the end of the call stack.
struct JSONBuilder {
    /// An array where `key` is nil, else an object waiting for the value of `key`.
    ///
    /// Both are changed in place: taking a payload out of an enum would copy it for each element.
    private struct Container {
        var key: String?
        var elements: [JSONValue] = []
        var members = JSONObject()
    }

    private let limits: CheckpointLimits
    private var scanner: JSONScanner
    private var open: [Container] = []
    private var valueCount = 0

    init(file: String, limits: CheckpointLimits) {
        self.limits = limits
        scanner = JSONScanner(file: file)
    }

    /// Reads the one value of which the whole text consists.
    mutating func document(_ bytes: Span<UInt8>) throws(CheckpointError) -> JSONValue {
        while true {
            guard let value = try begin(bytes) else { continue }
            if let root = try complete(value, bytes) {
                try scanner.expectEnd(bytes)
                return root
            }
        }
    }

    /// Reads a scalar or an empty container; opens a fuller one and returns nil.
    private mutating func begin(_ bytes: Span<UInt8>) throws(CheckpointError) -> JSONValue? {
        valueCount += 1
        guard valueCount <= limits.valueCount else {
            throw .limitExceeded(
                file: scanner.file, field: "values", found: UInt64(valueCount),
                limit: UInt64(limits.valueCount))
        }
        if scanner.take(UInt8(ascii: "["), bytes) {
            try checkDepth()
            guard !scanner.take(UInt8(ascii: "]"), bytes) else { return .array([]) }
            open.append(Container())
            return nil
        }
        if scanner.take(UInt8(ascii: "{"), bytes) {
            try checkDepth()
            guard !scanner.take(UInt8(ascii: "}"), bytes) else { return .object(JSONObject()) }
            open.append(Container(key: try key(bytes)))
            return nil
        }
        return try scanner.scalar(bytes)
    }

    /// Puts a finished value where it belongs; returns the root once that is finished.
    private mutating func complete(
        _ finished: JSONValue, _ bytes: Span<UInt8>
    ) throws(CheckpointError) -> JSONValue? {
        var value = finished
        while let last = open.indices.last {
            let closing: UInt8
            if let key = open[last].key {
                guard open[last].members.append(key, value) else {
                    throw .duplicate(file: scanner.file, field: "JSON object", name: key)
                }
                if scanner.take(UInt8(ascii: ","), bytes) {
                    open[last].key = try self.key(bytes)
                    return nil
                }
                closing = UInt8(ascii: "}")
            } else {
                open[last].elements.append(value)
                if scanner.take(UInt8(ascii: ","), bytes) { return nil }
                closing = UInt8(ascii: "]")
            }
            guard scanner.take(closing, bytes) else {
                throw scanner.failure(
                    bytes, expected: "',' or '\(Character(Unicode.Scalar(closing)))'")
            }
            let container = open.removeLast()
            value =
                container.key == nil ? .array(container.elements) : .object(container.members)
        }
        return value
    }

    private mutating func key(_ bytes: Span<UInt8>) throws(CheckpointError) -> String {
        guard scanner.peek(bytes) == UInt8(ascii: "\"") else {
            throw scanner.failure(bytes, expected: "a key in quotes")
        }
        let key = try scanner.string(bytes)
        try scanner.expect(UInt8(ascii: ":"), bytes)
        return key
    }

    private func checkDepth() throws(CheckpointError) {
        guard open.count < limits.nestingDepth else {
            throw scanner.failure(
                at: scanner.offset, "expected at most \(limits.nestingDepth) levels of nesting")
        }
    }
}

extension JSONValue {
    /// Reads one JSON text (RFC 8259, UTF-8 without a mark).
    ///
    /// - Parameters:
    ///   - bytes: The whole text.
    ///   - file: The name that errors carry.
    ///   - limits: How deep it may nest and how many values it may hold.
    /// - Throws: `CheckpointError` for anything that is no JSON, for a key that stands twice in one
    ///   object, and for more than `limits` allow.
    public init(
        parsing bytes: Span<UInt8>, file: String, limits: CheckpointLimits = CheckpointLimits()
    ) throws(CheckpointError) {
        var builder = JSONBuilder(file: file, limits: limits)
        self = try builder.document(bytes)
    }
}
