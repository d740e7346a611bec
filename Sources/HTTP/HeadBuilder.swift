/// A header section while its lines come in, and the rules that hold between them.
struct HeadBuilder: Sendable {
    /// Bytes of the field lines so far, line ends included.
    private(set) var byteCount = 0

    private let method: HTTPMethod
    private let target: RequestTarget
    private let version: HTTPVersion
    private var fields = HTTPFields()
    private var count = 0
    // Kept as bytes: "trimming" text would also strip bytes that the grammar forbids.
    private var hosts: [ArraySlice<UInt8>] = []
    private var lengths: [ArraySlice<UInt8>] = []
    private var codings: [ArraySlice<UInt8>] = []
    private var expectations: [ArraySlice<UInt8>] = []
    private var options: [ArraySlice<UInt8>] = []

    /// Reads `method SP target SP version` (RFC 9112, section 3).
    init(requestLine line: ArraySlice<UInt8>) throws(HTTPError) {
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, FieldGrammar.isToken(parts[0]),
            let method = HTTPMethod(rawValue: String(decoding: parts[0], as: UTF8.self))
        else {
            throw .malformed(reason: "the request line is not 'method target version'")
        }
        version = try Self.version(parts[2])
        self.method = method
        target = try RequestTarget(parsing: parts[1], method: method)
    }

    /// Splits a field line at its colon and checks both sides.
    static func split(
        _ line: ArraySlice<UInt8>
    ) throws(HTTPError) -> (name: HTTPField.Name, value: ArraySlice<UInt8>) {
        // A line that begins with a blank would continue the one before (obs-fold): its first byte
        // is no token byte, nor is a blank before the colon (RFC 9112, sections 5.1 and 5.2).
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            FieldGrammar.isToken(line[..<colon]),
            let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
        else {
            throw .malformed(reason: "a field line that is not 'name: value'")
        }
        let value = FieldGrammar.trimmed(line[(colon + 1)...])
        guard FieldGrammar.isValue(value) else {
            throw .malformed(reason: "a control character in field '\(name.rawName)'")
        }
        return (name, value)
    }

    /// Takes one field line.
    mutating func add(_ line: ArraySlice<UInt8>, limits: HTTPLimits) throws(HTTPError) {
        let (name, value) = try Self.split(line)
        count += 1
        byteCount += line.count + 2
        guard count <= limits.fieldCount else { throw .tooManyFields(limit: limits.fieldCount) }
        guard byteCount <= limits.fieldsByteCount else {
            throw .fieldsTooLarge(limit: limits.fieldsByteCount)
        }
        switch name.canonicalName {
        case "host": hosts.append(value)
        case "content-length": lengths.append(value)
        case "transfer-encoding": codings.append(value)
        case "expect": expectations.append(value)
        case "connection": options.append(value)
        default: break
        }
        fields.append(HTTPField(name: name, value: value))
    }

    /// Draws the conclusions at the empty line.
    mutating func finish(limits: HTTPLimits) throws(HTTPError) -> RequestHead {
        try checkHost()
        let framing = try framing(limits: limits)
        let options = FieldGrammar.list(options.map { String(decoding: $0, as: UTF8.self) })
        return RequestHead(
            method: method, target: target, version: version, fields: fields, framing: framing,
            expectsContinue: try expectsContinue(),
            keepsAlive: !options.contains("close")
                && (version == .http11 || options.contains("keep-alive")))
    }

    /// RFC 9112, section 3.2: exactly one valid `Host` in HTTP/1.1, at most one in 1.0.
    private mutating func checkHost() throws(HTTPError) {
        guard hosts.count <= 1 else { throw .malformed(reason: "more than one Host field") }
        guard let host = hosts.first ?? (version == .http10 ? [] : nil) else {
            throw .malformed(reason: "an HTTP/1.1 request without a Host field")
        }
        guard FieldGrammar.isHost(host) else {
            throw .malformed(reason: "a Host field that is no host")
        }
        // Section 3.2.2: the target's authority takes the place of the field.
        guard let authority = target.authority else { return }
        fields[.host] = authority
    }

    /// RFC 9112, section 6.3, read strictly: whatever two parsers could read in two ways is refused.
    private func framing(limits: HTTPLimits) throws(HTTPError) -> BodyFraming {
        if !codings.isEmpty {
            guard lengths.isEmpty else {
                throw .malformed(reason: "both Transfer-Encoding and Content-Length")
            }
            guard version == .http11 else {
                throw .malformed(reason: "Transfer-Encoding in HTTP/1.0")
            }
            let list = FieldGrammar.list(codings.map { String(decoding: $0, as: UTF8.self) })
            for coding in list where coding != "chunked" { throw .unsupportedCoding(coding) }
            guard codings.count == 1, list == ["chunked"], codings[0].count == 7 else {
                throw .malformed(reason: "a Transfer-Encoding other than 'chunked', once")
            }
            return .chunked
        }
        guard lengths.count <= 1 else {
            throw .malformed(reason: "more than one Content-Length field")
        }
        guard let digits = lengths.first else {
            // RFC 1945, section 7.2.2: nothing else could end such a body.
            if version == .http10, ["POST", "PUT", "PATCH"].contains(method.rawValue) {
                throw .lengthRequired
            }
            return .none
        }
        guard (1...18).contains(digits.count),
            digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            let count = Int(String(decoding: digits, as: UTF8.self))
        else {
            throw .malformed(reason: "a Content-Length that is not 1 to 18 digits")
        }
        guard count <= limits.bodyByteCount else {
            throw .bodyTooLarge(limit: limits.bodyByteCount)
        }
        return .length(count)
    }

    /// RFC 9110, section 10.1.1; HTTP/1.0 knows no interim responses, so it is ignored there.
    private func expectsContinue() throws(HTTPError) -> Bool {
        guard version == .http11, !expectations.isEmpty else { return false }
        let list = FieldGrammar.list(expectations.map { String(decoding: $0, as: UTF8.self) })
        for expectation in list where expectation != "100-continue" {
            throw .unsupportedExpectation(expectation)
        }
        return list.contains("100-continue")
    }

    /// RFC 9112, section 2.3; a higher minor version is answered as 1.1 (RFC 9110, section 2.5).
    private static func version(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> HTTPVersion {
        let digits = Array(bytes.suffix(3))
        let isDigit = { (byte: UInt8) in byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), isDigit(digits[0]),
            digits[1] == UInt8(ascii: "."), isDigit(digits[2])
        else {
            throw .malformed(reason: "the request line ends in no HTTP version")
        }
        guard digits[0] == UInt8(ascii: "1") else {
            throw .unsupportedVersion(String(decoding: bytes, as: UTF8.self))
        }
        return digits[2] == UInt8(ascii: "0") ? .http10 : .http11
    }
}
