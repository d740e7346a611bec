/// Where one metadata value lies in the file.
struct GGUFField: Sendable, Equatable {
    let type: GGUFValueType

    /// What an array holds; nil for anything else.
    let elementType: GGUFValueType?

    /// How many values an array holds; one for anything else.
    let count: Int

    /// The value's bytes: a string's without its length, an array's without its head.
    let range: Range<Int>

    /// The type as messages call it.
    var typeName: String {
        guard let elementType else { return "a \(type)" }
        return "an array of \(elementType)"
    }
}

/// The metadata of a GGUF file by key, values still undecoded.
struct GGUFFields: Sendable {
    private(set) var keys: [String] = []
    private var fields: [ExactString: GGUFField] = [:]

    subscript(key: String) -> GGUFField? {
        fields[ExactString(key)]
    }

    /// Adds a field after the others; false, and nothing added, where `key` is already there.
    mutating func append(_ key: String, _ field: GGUFField) -> Bool {
        let exactKey = ExactString(key)
        guard fields[exactKey] == nil else { return false }
        fields[exactKey] = field
        keys.append(key)
        return true
    }
}
