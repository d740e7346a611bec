/// Packs answers of text for clients that take gzip.
enum ResponseCompression {
    /// The answers are small and made once: speed counts more than the last byte.
    private static let level: Int32 = 4
    /// Longer bodies are packed off the loop: a megabyte takes some ten milliseconds.
    private static let longestOnLoop = 4096

    /// Packs the body in place where that is worth it and allowed.
    ///
    /// Left alone are answers with an `ETag`, which names exactly the bytes it came with, and those
    /// that are parts, already packed, or not to be transformed (RFC 9110, section 7.7).
    static func apply(
        to response: inout HTTPResponse, for request: HTTPRequest, threshold: Int
    ) async {
        guard case .bytes(let bytes) = response.body, bytes.count >= threshold,
            response.status != .partialContent, !response.fields.contains(.contentEncoding),
            !response.fields.contains(.eTag),
            !FieldGrammar.list(response.fields[values: .cacheControl]).contains("no-transform"),
            let type = response.fields[.contentType], MediaType.isText(type)
        else { return }
        response.fields.append(HTTPField(name: .vary, value: "Accept-Encoding"))
        guard AcceptEncoding(request.fields).prefersGzip else { return }
        let packed =
            bytes.count <= longestOnLoop
            ? Gzip.packed(bytes, level: level)
            : await offLoop { Gzip.packed(bytes, level: level) }
        guard let packed, packed.count < bytes.count else { return }
        response.fields[.contentEncoding] = "gzip"
        response.body = .bytes(packed)
    }
}
