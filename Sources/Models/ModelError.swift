public import Checkpoints
public import Kernels

/// Why a checkpoint is no model that this program can run: file, field or tensor, expected, found.
public enum ModelError: Error, Equatable, Sendable {
    /// The files themselves are broken, or a tensor is missing, misshapen or of a wrong type.
    case checkpoint(CheckpointError)

    /// Memory, a conversion or an instruction set was refused.
    case kernels(KernelError)

    /// A field that must be there is not.
    case missingField(file: String, field: String, expected: String)

    /// A field holds something that it must not.
    case invalidField(file: String, field: String, expected: String, found: String)

    /// A field asks for something that is well-formed but not built.
    case unsupported(file: String, field: String, expected: String, found: String)

    /// The KV cache cannot hold even one page of tokens in the memory that it may use.
    case insufficientMemory(neededByteCount: Int, availableByteCount: Int)

    /// The members of a family differ in shape.
    case membersDiffer(member: Int, field: String, expected: String, found: String)
}

extension ModelError: CustomStringConvertible {
    /// One line: file, field, expected, found.
    public var description: String {
        switch self {
        case .checkpoint(let error):
            error.description
        case .kernels(let error):
            error.description
        case .missingField(let file, let field, let expected):
            "\(shown(file)): \(shown(field)): expected \(expected), found nothing"
        case .invalidField(let file, let field, let expected, let found),
            .unsupported(let file, let field, let expected, let found):
            "\(shown(file)): \(shown(field)): expected \(expected), found \(shown(found))"
        case .insufficientMemory(let needed, let available):
            "KV cache: expected memory for at least one page (\(needed) bytes), "
                + "found \(available) bytes"
        case .membersDiffer(let member, let field, let expected, let found):
            "family member \(member): \(shown(field)): expected \(expected) as in member 0, "
                + "found \(found)"
        }
    }
}

/// `text` as it may stand in a one-line message: control characters escaped, the far end cut off.
///
/// Names and values come out of hostile files and must not forge a line of somebody's log.
func shown(_ text: String) -> String {
    var result = ""
    for (position, scalar) in text.unicodeScalars.enumerated() {
        guard position < 200 else { return result + "…" }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}
