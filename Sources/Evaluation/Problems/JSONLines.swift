import Tokenization

/// The lines of a file with their numbers, from 1; blank ones are left out.
struct JSONLines: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var position = 0
    private var number = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func next() -> (number: Int, bytes: ArraySlice<UInt8>)? {
        while position < bytes.count {
            let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
            let line = bytes[position..<end]
            position = end + 1
            number += 1
            if line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) {
                return (number, line)
            }
        }
        return nil
    }
}

/// One line's object, whose fields are asked for by name and kind.
struct JSONLine {
    let file: String
    let number: Int
    private let value: TemplateValue

    init(_ bytes: ArraySlice<UInt8>, file: String, number: Int) throws(EvaluationError) {
        self.file = file
        self.number = number
        do {
            value = try TemplateValue(json: Array(bytes))
        } catch {
            throw .malformedLine(file: file, line: number, reason: "\(error)")
        }
        guard case .object = value else {
            throw .malformedLine(file: file, line: number, reason: "found \(value.kind)")
        }
    }

    /// A field that must be a text.
    func text(_ name: String) throws(EvaluationError) -> String {
        guard case .string(let text) = value[name] else { throw failure(name, "a text") }
        return text
    }

    /// A text, or `nil` where the field is null or missing.
    func optionalText(_ name: String) throws(EvaluationError) -> String? {
        switch value[name] {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw failure(name, "a text or null")
        }
    }

    /// A field that must be a whole number from 0.
    func count(_ name: String) throws(EvaluationError) -> Int {
        guard case .integer(let number) = value[name], number >= 0 else {
            throw failure(name, "a whole number from 0")
        }
        return number
    }

    /// A field that must be true or false.
    func flag(_ name: String) throws(EvaluationError) -> Bool {
        guard case .boolean(let flag) = value[name] else { throw failure(name, "true or false") }
        return flag
    }

    /// A difficulty, or `nil` where the field is null or missing.
    func difficulty(_ name: String) throws(EvaluationError) -> Difficulty? {
        switch value[name] {
        case nil, .null: return nil
        case .integer(let level): return .level(level)
        case .string(let tier) where !tier.isEmpty: return .tier(tier)
        default: throw failure(name, "a whole number or a word")
        }
    }

    /// The fields of an object within the line.
    func object(_ name: String) throws(EvaluationError) -> [TemplateValue.Pair] {
        guard case .object(let pairs) = value[name] else { throw failure(name, "an object") }
        return pairs
    }

    private func failure(_ name: String, _ expected: String) -> EvaluationError {
        .field(
            file: file, line: number, name: name, expected: expected,
            found: value[name]?.kind ?? "no such field")
    }
}

extension TemplateValue {
    /// What JSON calls such a value.
    var kind: String {
        switch self {
        case .undefined, .null: "null"
        case .boolean: "true or false"
        case .integer(let number): "the number \(number)"
        case .number(let number): "the number \(number)"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
