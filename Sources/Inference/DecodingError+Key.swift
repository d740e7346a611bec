extension DecodingError {
    /// What is wrong with which key, for a file whose keys are in snake case; nil where it is no
    /// one key's fault.
    public var keyReason: String? {
        func name(_ path: [any CodingKey]) -> String {
            path.map { key in
                // The decoder tells the property's name; the file has the key.
                key.intValue.map(String.init)
                    ?? key.stringValue.replacing(/[A-Z]/) { "_" + $0.output.lowercased() }
            }.joined(separator: ".")
        }
        switch self {
        case .keyNotFound(let key, let context):
            return "\(name(context.codingPath + [key])): expected, found nothing"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return "\(name(context.codingPath)): expected \(type)"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "\(name(context.codingPath)): \(context.debugDescription)"
        default:
            return nil
        }
    }
}
