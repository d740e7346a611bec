/// Why a budget cannot be what was asked.
public enum RoutingError: Error, Equatable, Sendable {
    /// A ceiling on tokens below one.
    case ceilingTooLow(tokens: Int)
    /// The prompt fills the context, so not one token fits behind it.
    case noRoom(promptTokens: Int, contextLength: Int)
}

extension RoutingError: CustomStringConvertible {
    /// One line with the numbers.
    public var description: String {
        switch self {
        case .ceilingTooLow(let tokens):
            "a ceiling of \(tokens) tokens allows no output: expected at least 1"
        case .noRoom(let promptTokens, let contextLength):
            "a prompt of \(promptTokens) tokens leaves no room in a context of \(contextLength)"
        }
    }
}
