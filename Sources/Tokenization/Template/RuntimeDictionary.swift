/// A dictionary in order of insertion, with keys equal as Python has them.
final class RuntimeDictionary {
    /// What two keys must share to be the same key: `1`, `1.0` and `True` are one key.
    indirect enum Key: Hashable {
        case text([UInt8])
        case integer(Int)
        case number(Double)
        case none
        case undefined
        case tuple([Key])
        case object(ObjectIdentifier)
    }

    private(set) var keys: [RuntimeValue] = []
    private(set) var values: [RuntimeValue] = []
    private(set) var depth = 1
    private var places: [Key: Int] = [:]

    var count: Int { keys.count }

    /// The pairs as tuples.
    var items: [RuntimeValue] {
        zip(keys, values).map { .tuple(RuntimeList([$0, $1])) }
    }

    /// Sets a value while the dictionary is being built; false if the key cannot be one.
    func insert(_ key: RuntimeValue, _ value: RuntimeValue) -> Bool {
        guard let identity = Self.key(key) else { return false }
        depth = max(depth, value.depth + 1, key.depth + 1)
        if let place = places[identity] {
            values[place] = value
        } else {
            places[identity] = keys.count
            keys.append(key)
            values.append(value)
        }
        return true
    }

    /// The value of a key; nil if there is none or it could not be a key.
    subscript(key: RuntimeValue) -> RuntimeValue? {
        guard let identity = Self.key(key), let place = places[identity] else { return nil }
        return values[place]
    }

    subscript(key: String) -> RuntimeValue? {
        places[.text(Array(key.utf8))].map { values[$0] }
    }

    /// The identity of a key; nil for what cannot be hashed.
    static func key(_ value: RuntimeValue) -> Key? {
        switch value {
        case .string(let text), .markup(let text): return .text(Array(text.utf8))
        case .integer(let value): return .integer(value)
        case .boolean(let value): return .integer(value ? 1 : 0)
        case .number(let value):
            if let integer = Int(exactly: value) { return .integer(integer) }
            return .number(value)
        case .none: return Key.none
        case .undefined: return .undefined
        case .tuple(let list):
            var keys: [Key] = []
            for item in list.items {
                guard let key = key(item) else { return nil }
                keys.append(key)
            }
            return .tuple(keys)
        case .list, .dictionary, .view: return nil
        case .range(let range): return .object(ObjectIdentifier(range))
        case .generator(let object): return .object(ObjectIdentifier(object))
        case .namespace(let object): return .object(ObjectIdentifier(object))
        case .loop(let object): return .object(ObjectIdentifier(object))
        case .macro(let object): return .object(ObjectIdentifier(object))
        case .method(let object): return .object(ObjectIdentifier(object))
        case .cycler(let object): return .object(ObjectIdentifier(object))
        case .joiner(let object): return .object(ObjectIdentifier(object))
        case .function(let function): return .text(Array("\u{0}\(function)".utf8))
        }
    }
}
