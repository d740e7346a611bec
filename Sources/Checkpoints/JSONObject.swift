/// The members of a JSON object, in the order of the file and findable by key.
///
/// Keys are equal when their bytes are: unlike `String`, `"é"` composed and decomposed differ, as
/// they do for every other reader of the same file.
public struct JSONObject: Sendable, Equatable {
    /// The keys, in the order of the file.
    public private(set) var keys: [String] = []

    /// The values, beside `keys`.
    public private(set) var values: [JSONValue] = []

    private var positions: [ExactString: Int] = [:]

    /// An object without members.
    public init() {}

    /// How many members there are.
    public var count: Int { keys.count }

    /// The value of `key`, or nil where there is none.
    ///
    /// A new key goes after the others; nil takes the member away.
    public subscript(key: String) -> JSONValue? {
        get { positions[ExactString(key)].map { values[$0] } }
        set {
            guard let position = positions[ExactString(key)] else {
                if let newValue { _ = append(key, newValue) }
                return
            }
            if let newValue {
                values[position] = newValue
                return
            }
            let members = zip(keys, values).enumerated().filter { $0.offset != position }
            self = JSONObject()
            for (_, member) in members { _ = append(member.0, member.1) }
        }
    }

    /// Adds a member after the others; false, and nothing added, where `key` is already there.
    public mutating func append(_ key: String, _ value: JSONValue) -> Bool {
        let exactKey = ExactString(key)
        guard positions[exactKey] == nil else { return false }
        positions[exactKey] = count
        keys.append(key)
        values.append(value)
        return true
    }
}

/// A string whose equality is that of its UTF-8, not Unicode's canonical equivalence.
struct ExactString: Hashable, Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (left: Self, right: Self) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { bytes in unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes)) }
    }
}
