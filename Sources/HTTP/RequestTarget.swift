/// What a request is about: the path, decoded once, and the query.
///
/// Accepts origin-form (`/a?b`), absolute-form (`http://host/a?b`) and, for `OPTIONS`, `*`
/// (RFC 9112, section 3.2).
public struct RequestTarget: Sendable, Hashable {
    /// As the client wrote it.
    public let raw: String
    /// Percent-decoded path; begins with a slash, or is `*`.
    public let path: String
    /// The path's segments, split before they are decoded, so that `%2F` never makes a new one.
    ///
    /// `/` has none, `/a/b` has two, `/a/` has `a` and an empty one.
    public let segments: [String]
    /// What follows the question mark, still encoded; nil without one.
    public let rawQuery: String?
    /// Host and port of an absolute-form target; they replace the `Host` field.
    let authority: String?

    /// Reads the target of a request line.
    ///
    /// - Parameters:
    ///   - bytes: The target's bytes.
    ///   - method: The request's method; only `OPTIONS` may ask for `*`.
    /// - Throws: `malformed`, or `unsupportedMethod` for `CONNECT`.
    init(parsing bytes: ArraySlice<UInt8>, method: HTTPMethod) throws(HTTPError) {
        guard method.rawValue != "CONNECT" else { throw .unsupportedMethod("CONNECT") }
        // Also keeps '#' out: a fragment never travels (RFC 9110, section 4.2.5).
        guard !bytes.isEmpty,
            bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else {
            throw .malformed(reason: "the request target holds a byte that must be encoded")
        }
        raw = String(decoding: bytes, as: UTF8.self)
        if bytes.elementsEqual([UInt8(ascii: "*")]) {
            guard method.rawValue == "OPTIONS" else {
                throw .malformed(reason: "only OPTIONS may ask for '*'")
            }
            (path, segments, rawQuery, authority) = ("*", ["*"], nil, nil)
            return
        }
        var rest = bytes
        if bytes.first == UInt8(ascii: "/") {
            authority = nil
        } else {
            guard let start = Self.schemeEnd(bytes) else {
                throw .malformed(reason: "the request target is neither a path nor an http URI")
            }
            let end =
                bytes[start...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
                ?? bytes.endIndex
            guard start < end, FieldGrammar.isHost(bytes[start..<end]) else {
                throw .malformed(reason: "the request target names no valid host")
            }
            authority = String(decoding: bytes[start..<end], as: UTF8.self)
            rest = bytes[end...]
        }
        let mark = rest.firstIndex(of: UInt8(ascii: "?"))
        rawQuery = mark.map { String(decoding: rest[$0...].dropFirst(), as: UTF8.self) }
        let encoded = rest[..<(mark ?? rest.endIndex)]
        var parts: [String] = []
        if encoded.count > 1 {
            for part in encoded.dropFirst().split(
                separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            {
                parts.append(try Self.decode(part))
            }
        }
        segments = parts
        path = "/" + parts.joined(separator: "/")
    }

    private static func decode(_ part: ArraySlice<UInt8>) throws(HTTPError) -> String {
        guard let decoded = PercentCoding.decode(part), !decoded.contains(0),
            let text = String(validating: decoded, as: UTF8.self)
        else {
            throw .malformed(reason: "the path is not percent-encoded UTF-8")
        }
        return text
    }

    /// The index after `http://` or `https://` in any case.
    private static func schemeEnd(_ bytes: ArraySlice<UInt8>) -> Int? {
        for scheme in ["http://", "https://"] {
            let head = bytes.prefix(scheme.utf8.count).map { $0 | 0x20 }
            if head.elementsEqual(scheme.utf8.map { $0 | 0x20 }) {
                return bytes.startIndex + head.count
            }
        }
        return nil
    }
}
