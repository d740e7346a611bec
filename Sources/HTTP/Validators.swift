import Sockets

/// What tells one version of a file from another, and the conditions that speak of it
/// (RFC 9110, section 13).
struct Validators {
    /// The strong entity tag, quotes included.
    let tag: String
    /// When the file was last written, in seconds since 1970.
    let modified: Int

    /// What a request's conditions come to.
    enum Verdict {
        /// Answer as if there were none.
        case go
        /// The client has it already: 304.
        case notModified
        /// 412.
        case failed
    }

    /// The validators of a file, in some coding.
    init(_ file: PublicFile, coding: String?) {
        let nanoseconds = String(file.modifiedNanoseconds, radix: 16)
        let stamp = "\(String(file.modifiedSeconds, radix: 16)).\(nanoseconds)"
        tag = "\"\(stamp)-\(String(file.byteCount, radix: 16))\(coding.map { "-\($0)" } ?? "")\""
        modified = file.modifiedSeconds
    }

    /// Weighs the conditions in the order of section 13.2.2.
    func verdict(on fields: HTTPFields) -> Verdict {
        if let list = combined(fields, .ifMatch) {
            if !Self.matches(list, tag, weakly: false) { return .failed }
        } else if let limit = fields[.ifUnmodifiedSince].flatMap({ HTTPDate.seconds($0) }) {
            if modified > limit { return .failed }
        }
        if let list = combined(fields, .ifNoneMatch) {
            return Self.matches(list, tag, weakly: true) ? .notModified : .go
        }
        if let limit = fields[.ifModifiedSince].flatMap({ HTTPDate.seconds($0) }) {
            return modified <= limit ? .notModified : .go
        }
        return .go
    }

    /// Whether a range may be given: what the client has is of the same version (section 13.1.5).
    func allowsRange(_ fields: HTTPFields) -> Bool {
        guard let condition = fields[.ifRange] else { return true }
        return condition.hasPrefix("\"")
            ? condition == tag : HTTPDate.seconds(condition) == modified
    }

    private func combined(_ fields: HTTPFields, _ name: HTTPField.Name) -> String? {
        let values = fields[values: name]
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// Whether a list of entity tags, or `*`, holds `tag`.
    private static func matches(_ list: String, _ tag: String, weakly: Bool) -> Bool {
        var rest = Array(list.utf8)[...]
        if FieldGrammar.trimmed(rest).elementsEqual([UInt8(ascii: "*")]) { return true }
        while true {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == UInt8(ascii: "\""),
                let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "\""))
            else { return false }
            if !isWeak || weakly, rest[...end].elementsEqual(tag.utf8) { return true }
            rest = rest[(end + 1)...]
        }
    }
}
