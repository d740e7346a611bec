/// A JSON value as it stands in a file: integers exact, members in order, no key twice.
public enum JSONValue: Sendable, Equatable {
    /// `null`.
    case null

    /// `true` or `false`.
    case bool(Bool)

    /// A number without fraction and exponent that fits 64 bits.
    case integer(Int)

    /// Any other number, rounded to the nearest double; also integers beyond 64 bits.
    case double(Double)

    /// A string.
    case string(String)

    /// An array.
    case array([JSONValue])

    /// An object.
    case object(JSONObject)

    /// What the value is, as messages call it.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The value as a message shows it: scalars literally, containers by kind and size.
    var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string(let value): "\"\(printable(value, maximumCount: 60))\""
        case .array(let elements): "an array of \(elements.count)"
        case .object(let object): "an object of \(object.count)"
        }
    }
}
