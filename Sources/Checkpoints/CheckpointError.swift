/// What is wrong with a checkpoint: the file, the field or tensor, what was expected, what is there.
public enum CheckpointError: Error, Equatable, Sendable {
    /// The path cannot be opened, is no regular file, or cannot be read or mapped.
    case unreadable(file: String, reason: String)

    /// The file is larger than this kind of file may be.
    case fileTooLarge(file: String, byteCount: Int, limit: Int)

    /// The path names neither a checkpoint file nor a directory that holds exactly one checkpoint.
    case notACheckpoint(path: String, reason: String)

    /// The file ends before the field does.
    case truncated(file: String, field: String, neededByteCount: UInt64, availableByteCount: UInt64)

    /// A field holds something it must not.
    case malformed(file: String, field: String, expected: String, found: String)

    /// A count is larger than this program is willing to hold.
    case limitExceeded(file: String, field: String, found: UInt64, limit: UInt64)

    /// The text is no JSON (RFC 8259) at this byte.
    case invalidJSON(file: String, byteOffset: Int, reason: String)

    /// A key that must be there is not.
    case missingField(file: String, field: String)

    /// The same name stands twice.
    case duplicate(file: String, field: String, name: String)

    /// A tensor's bytes lie outside the file's data.
    case tensorOutOfRange(
        file: String, tensor: String, begin: UInt64, end: UInt64, dataByteCount: UInt64)

    /// Two tensors claim the same bytes.
    case tensorsOverlap(file: String, tensor: String, other: String, byteOffset: UInt64)

    /// Bytes that belong to no tensor lie between the tensors or after the last one.
    case unclaimedBytes(file: String, begin: UInt64, end: UInt64)

    /// The tensor is not in the checkpoint.
    case missingTensor(file: String, tensor: String)

    /// A tensor that the index places in this shard is not there.
    case missingFromShard(index: String, tensor: String, shard: String)

    /// A tensor of this shard is unknown to the index, or the index places it elsewhere.
    case notInIndex(index: String, tensor: String, shard: String)

    /// The index names a shard that does not exist.
    case missingShard(index: String, shard: String)

    /// The tensor has another shape than the architecture asks for.
    case wrongShape(file: String, tensor: String, expected: [Int], found: [Int])

    /// The tensor has another element type than the caller can use.
    case wrongType(file: String, tensor: String, expected: [String], found: String)

    /// A weight is infinite or not a number.
    case nonFiniteWeight(file: String, tensor: String, index: [Int])

    /// The checkpoint could not be written.
    case unwritable(file: String, reason: String)
}

extension CheckpointError: CustomStringConvertible {
    /// One line: file, field, expected, found.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(printable(file)): cannot be read: \(printable(reason))"
        case .fileTooLarge(let file, let byteCount, let limit):
            "\(printable(file)): expected at most \(limit) bytes, found \(byteCount)"
        case .notACheckpoint(let path, let reason):
            "\(printable(path)): no checkpoint: \(printable(reason))"
        case .truncated(let file, let field, let needed, let available):
            "\(printable(file)): \(printable(field)): expected \(needed) more bytes, "
                + "found \(available)"
        case .malformed(let file, let field, let expected, let found):
            "\(printable(file)): \(printable(field)): expected \(printable(expected)), "
                + "found \(printable(found))"
        case .limitExceeded(let file, let field, let found, let limit):
            "\(printable(file)): \(printable(field)): expected at most \(limit), found \(found)"
        case .invalidJSON(let file, let byteOffset, let reason):
            "\(printable(file)): byte \(byteOffset): \(printable(reason))"
        case .missingField(let file, let field):
            "\(printable(file)): \(printable(field)): expected a value, found none"
        case .duplicate(let file, let field, let name):
            "\(printable(file)): \(printable(field)): expected unique names, "
                + "found \"\(printable(name))\" twice"
        case .tensorOutOfRange(let file, let tensor, let begin, let end, let byteCount):
            "\(printable(file)): tensor \(printable(tensor)): expected bytes within "
                + "0..<\(byteCount) of the data, found \(begin)..<\(end)"
        case .tensorsOverlap(let file, let tensor, let other, let byteOffset):
            "\(printable(file)): tensor \(printable(tensor)): expected bytes of its own, "
                + "found an overlap with \(printable(other)) at data byte \(byteOffset)"
        case .unclaimedBytes(let file, let begin, let end):
            "\(printable(file)): data: expected every byte to belong to a tensor, "
                + "found none for bytes \(begin)..<\(end)"
        case .missingTensor(let file, let tensor):
            "\(printable(file)): tensor \(printable(tensor)): expected in the checkpoint, "
                + "found nowhere"
        case .missingFromShard(let index, let tensor, let shard):
            "\(printable(index)): tensor \(printable(tensor)): expected in shard "
                + "\(printable(shard)), found no such tensor there"
        case .notInIndex(let index, let tensor, let shard):
            "\(printable(index)): tensor \(printable(tensor)): expected its shard to be "
                + "\(printable(shard)), found no such entry"
        case .missingShard(let index, let shard):
            "\(printable(index)): weight_map: expected a file \(printable(shard)) beside the "
                + "index, found none"
        case .wrongShape(let file, let tensor, let expected, let found):
            "\(printable(file)): tensor \(printable(tensor)): expected shape \(expected), "
                + "found \(found)"
        case .wrongType(let file, let tensor, let expected, let found):
            "\(printable(file)): tensor \(printable(tensor)): expected type "
                + "\(expected.joined(separator: " or ")), found \(printable(found))"
        case .nonFiniteWeight(let file, let tensor, let index):
            "\(printable(file)): tensor \(printable(tensor)): expected finite weights, "
                + "found a NaN or infinity at \(index)"
        case .unwritable(let file, let reason):
            "\(printable(file)): cannot be written: \(printable(reason))"
        }
    }
}

/// `text` as it may stand in a one-line message: controls escaped, the far end cut off.
///
/// Names come out of hostile files; a newline or an escape sequence in one must not forge a line
/// of somebody's log or drive a terminal.
func printable(_ text: String, maximumCount: Int = 300) -> String {
    var result = ""
    for (position, scalar) in text.unicodeScalars.enumerated() {
        guard position < maximumCount else { return result + "…" }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}
