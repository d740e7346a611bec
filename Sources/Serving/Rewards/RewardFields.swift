import Evaluation
import Tokenization

extension RequestFields {
    /// A list of objects, one at least and `most` at most.
    mutating func objects(
        _ name: String, atMost most: Int
    ) throws(ServingError) -> [RequestFields]? {
        try elements(name, atMost: most) { (value, path) throws(ServingError) in
            guard case .object(let members) = value else {
                throw .wrongType(path: path, expected: "an object", found: value.kind)
            }
            return RequestFields(members, path: path)
        }
    }

    /// A list of texts, one at least and `most` at most.
    mutating func strings(
        _ name: String, atMost most: Int
    ) throws(ServingError) -> [String]? {
        try elements(name, atMost: most) { (value, path) throws(ServingError) in
            guard case .string(let text) = value else {
                throw .wrongType(path: path, expected: "a string", found: value.kind)
            }
            return text
        }
    }

    /// A list of right answers, one at least and `most` at most.
    mutating func answers(
        _ name: String, atMost most: Int
    ) throws(ServingError) -> [String]? {
        try elements(name, atMost: most) { (value, path) throws(ServingError) in
            try Self.answer(value, path: path, GoldAnswer.inAnswer)
        }
    }

    /// A right answer: a text that `find` finds it in, or a number.
    mutating func answer(
        _ name: String, _ find: (String) -> String?
    ) throws(ServingError) -> String? {
        guard let value = take(name) else { return nil }
        return try Self.answer(value, path: path(of: name), find)
    }

    private static func answer(
        _ value: TemplateValue, path: String, _ find: (String) -> String?
    ) throws(ServingError) -> String {
        switch value {
        case .integer(let number): return "\(number)"
        case .number(let number): return "\(number)"
        case .string(let text):
            guard let answer = find(text) else {
                throw .invalidValue(path: path, expected: "to hold an answer", found: "none")
            }
            return answer
        default:
            throw .wrongType(path: path, expected: "a string or a number", found: value.kind)
        }
    }

    private mutating func elements<Element>(
        _ name: String, atMost most: Int,
        _ read: (TemplateValue, String) throws(ServingError) -> Element
    ) throws(ServingError) -> [Element]? {
        guard let values = try array(name) else { return nil }
        guard (1...most).contains(values.count) else {
            throw .invalidValue(
                path: path(of: name), expected: "a list of 1 to \(most)",
                found: "\(values.count)")
        }
        var elements: [Element] = []
        for (index, value) in values.enumerated() {
            elements.append(try read(value, "\(path(of: name)).\(index)"))
        }
        return elements
    }
}

extension Optional {
    /// The value of a field that must be there.
    func required(at path: String) throws(ServingError) -> Wrapped {
        guard let self else { throw .missing(path: path) }
        return self
    }
}
