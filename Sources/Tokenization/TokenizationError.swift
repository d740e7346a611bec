/// What is wrong with a tokenizer's files, or with what a vocabulary is to be; nothing else in text
/// handling fails.
public enum TokenizationError: Error, Sendable, Equatable {
    /// The bytes are not JSON, or not UTF-8.
    case malformed(file: String, offset: Int, expected: String, found: String)
    /// A field holds something else than it must.
    case invalidField(file: String, field: String, expected: String, found: String)
    /// A field or a part of the tokenizer that this program does not implement.
    case unsupported(file: String, field: String, found: String, supported: String)
    /// A number or a size beyond what is accepted.
    case limitExceeded(file: String, field: String, limit: Int, found: Int)
    /// One id given to two tokens, or one token given two ids.
    case duplicate(file: String, field: String, first: String, second: String)
    /// A merge whose parts, or whose result, the vocabulary does not hold.
    case unknownMergeToken(file: String, merge: Int, token: String)
    /// A regular expression that cannot be compiled.
    case invalidPattern(pattern: String, offset: Int, reason: String)
    /// A vocabulary that does not hold its special tokens and the 256 bytes.
    case vocabularyTooSmall(size: Int, specialTokens: Int, least: Int)
    /// A special token that a vocabulary cannot have.
    case invalidSpecialToken(String, reason: String)
}

extension TokenizationError: CustomStringConvertible {
    /// One line: where, what was expected, what was found.
    public var description: String {
        switch self {
        case .malformed(let file, let offset, let expected, let found):
            "\(file): byte \(offset): expected \(expected), found \(found)"
        case .invalidField(let file, let field, let expected, let found):
            "\(file): \(field): expected \(expected), found \(found)"
        case .unsupported(let file, let field, let found, let supported):
            "\(file): \(field): \(found) is not supported (supported: \(supported))"
        case .limitExceeded(let file, let field, let limit, let found):
            "\(file): \(field): at most \(limit) accepted, found \(found)"
        case .duplicate(let file, let field, let first, let second):
            "\(file): \(field): \(second) repeats \(first)"
        case .unknownMergeToken(let file, let merge, let token):
            "\(file): merges[\(merge)]: \(token) is not in the vocabulary"
        case .invalidPattern(let pattern, let offset, let reason):
            "pattern \(pattern): at character \(offset): \(reason)"
        case .vocabularyTooSmall(let size, let specialTokens, let least):
            "vocabulary: at least \(least) tokens expected (256 bytes and \(specialTokens) "
                + "special tokens), found \(size)"
        case .invalidSpecialToken(let token, let reason):
            "special token \(token.quoted): \(reason)"
        }
    }
}

extension String {
    /// The text in quotes, on one line and cut to a length fit for an error message.
    var quoted: String {
        var result = "\""
        for scalar in unicodeScalars.prefix(60) {
            if scalar.value < 0x20 || scalar.value == 0x7F {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + (unicodeScalars.count > 60 ? "…\"" : "\"")
    }
}
