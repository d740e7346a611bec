/// A JSON value that knows where it stands, so that a wrong one can be reported as `file: a.b[2]`.
///
/// `null` counts as absent throughout, as it does for the programs that write these files.
public struct JSONNode: Sendable {
    /// The value itself.
    public let value: JSONValue

    /// The file it stands in.
    public let file: String

    /// The way to it from the top: `rope_scaling.factor`, empty for the top itself.
    public let path: String

    /// The top of a file's tree.
    ///
    /// - Parameters:
    ///   - root: The whole file's value.
    ///   - file: The name that errors carry.
    public init(root: JSONValue, file: String) {
        self.init(value: root, file: file, path: "")
    }

    private init(value: JSONValue, file: String, path: String) {
        self.value = value
        self.file = file
        self.path = path
    }

    /// The member `key` of an object; nil where it is missing or null, or this is no object.
    public subscript(key: String) -> JSONNode? {
        guard case .object(let object) = value, let member = object[key], member != .null else {
            return nil
        }
        return JSONNode(value: member, file: file, path: memberPath(key))
    }

    /// The member `key`, which must be there and not null.
    public func require(_ key: String) throws(CheckpointError) -> JSONNode {
        guard case .object = value else { throw unexpected("an object") }
        guard let member = self[key] else {
            throw .missingField(file: file, field: memberPath(key))
        }
        return member
    }

    /// The elements of an array.
    public func elements() throws(CheckpointError) -> [JSONNode] {
        guard case .array(let elements) = value else { throw unexpected("an array") }
        return elements.enumerated().map { position, element in
            JSONNode(value: element, file: file, path: "\(path)[\(position)]")
        }
    }

    /// The members of an object that are not null, in the order of the file.
    public func members() throws(CheckpointError) -> [(key: String, value: JSONNode)] {
        guard case .object(let object) = value else { throw unexpected("an object") }
        return zip(object.keys, object.values).compactMap { key, member in
            member == .null
                ? nil : (key, JSONNode(value: member, file: file, path: memberPath(key)))
        }
    }

    /// The integer that must stand here, within `range`.
    public func integer(
        in range: ClosedRange<Int> = Int.min...Int.max
    ) throws(CheckpointError) -> Int {
        let expected =
            range == Int.min...Int.max
            ? "an integer" : "an integer in \(range.lowerBound)...\(range.upperBound)"
        guard case .integer(let value) = value, range.contains(value) else {
            throw unexpected(expected)
        }
        return value
    }

    /// The number that must stand here, integers included, within `range`.
    public func double(
        in range: ClosedRange<Double> = -Double
            .greatestFiniteMagnitude...Double
            .greatestFiniteMagnitude
    ) throws(CheckpointError) -> Double {
        let number: Double
        switch value {
        case .integer(let value): number = Double(value)
        case .double(let value): number = value
        default: throw unexpected("a number")
        }
        guard range.contains(number) else {
            throw unexpected("a number in \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    /// The boolean that must stand here.
    public func bool() throws(CheckpointError) -> Bool {
        guard case .bool(let value) = value else { throw unexpected("a boolean") }
        return value
    }

    /// The string that must stand here.
    public func string() throws(CheckpointError) -> String {
        guard case .string(let value) = value else { throw unexpected("a string") }
        return value
    }

    /// The error that something else than `expected` stands here.
    public func unexpected(_ expected: String) -> CheckpointError {
        .malformed(
            file: file, field: path.isEmpty ? "top level" : path, expected: expected,
            found: value.summary)
    }

    private func memberPath(_ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }
}
