/// What keeps a measurement from being made or read.
public enum BenchmarkError: Error, Sendable, Equatable {
    /// A file that cannot be used.
    case file(path: String, reason: String)
    /// Two files that cannot be compared.
    case differentKinds(BenchmarkDocument.Kind, BenchmarkDocument.Kind)
    /// Two files without a row in common.
    case nothingInCommon(String, String)
    /// An address that cannot be asked.
    case address(String, reason: String)
    /// A server that does not say which models it has.
    case noModel(url: String, reason: String)
    /// A run in which no request succeeded.
    case nothingMeasured(reason: String)
}

extension BenchmarkError: CustomStringConvertible {
    /// One line for a person.
    public var description: String {
        switch self {
        case .file(let path, let reason): "\(path): \(reason)"
        case .differentKinds(let one, let other):
            "the first file is of kind '\(one.rawValue)', the second of kind "
                + "'\(other.rawValue)'; expected two of one kind"
        case .nothingInCommon(let one, let other):
            "\(one) and \(other) have no row with the same key; measure the same things twice"
        case .address(let text, let reason): "--url is '\(text)'; \(reason)"
        case .noModel(let url, let reason):
            "\(url) does not name its models (\(reason)); give --model-name"
        case .nothingMeasured(let reason): "no request succeeded: \(reason)"
        }
    }
}
