import Synchronization

/// Undoes the `Content-Encoding` of a request's body while it is read.
///
/// What comes out is bounded by the limit of bodies, however little came in.
final class RequestDecoding: BodyChannel {
    /// The codings that are undone, as `Accept-Encoding` names them.
    static let names = "gzip, deflate"

    /// Most bytes unpacked in one go.
    private static let pieceByteCount = 64 * 1024

    private struct Guarded: ~Copyable {
        var inflater: Inflater?
        var byteCount = 0
    }

    private let packed: any BodyChannel
    private let guarded: Mutex<Guarded>
    private let limit: Int

    private init(_ packed: any BodyChannel, format: Inflater.Format, limit: Int) {
        self.packed = packed
        self.limit = limit
        guarded = Mutex(Guarded(inflater: Inflater(format)))
    }

    /// The request with a plain body.
    ///
    /// - Parameters:
    ///   - request: As it came.
    ///   - limit: Most bytes of the plain body.
    /// - Returns: The request; where the coding is unknown, one whose body throws when it is read.
    static func undone(_ request: HTTPRequest, limit: Int) -> HTTPRequest {
        guard request.fields.contains(.contentEncoding) else { return request }
        let codings = FieldGrammar.list(request.fields[values: .contentEncoding])
            .filter { $0 != "identity" }
        var request = request
        request.fields[.contentEncoding] = nil
        guard let coding = codings.first else { return request }
        let format: Inflater.Format? =
            switch coding {
            case "gzip", "x-gzip": .gzip
            case "deflate": .deflate
            default: nil
            }
        if let format, codings.count == 1 {
            request.fields[.contentLength] = nil
            request.body = HTTPRequestBody(
                RequestDecoding(request.body.channel, format: format, limit: limit))
        } else {
            let name = codings.joined(separator: ", ")
            request.body = HTTPRequestBody(FailingBody(error: .unsupportedContentCoding(name)))
        }
        return request
    }

    func nextChunk() async throws(HTTPError) -> [UInt8]? {
        while true {
            if let bytes = try unpack().get() { return bytes }
            guard let more = try await packed.nextChunk() else {
                guard guarded.withLock({ $0.inflater?.isComplete ?? false }) else {
                    throw .malformed(reason: "the packed body ends early")
                }
                return nil
            }
            guarded.withLock { $0.inflater?.append(more) }
        }
    }

    private func unpack() throws(HTTPError) -> Result<[UInt8]?, HTTPError> {
        guarded.withLock { guarded in
            guard guarded.inflater != nil else {
                return .failure(.handlerFailed(reason: "no memory to unpack a body"))
            }
            do throws(HTTPError) {
                // One byte more than there may be, to see whether there is more.
                let room = min(Self.pieceByteCount, limit - guarded.byteCount + 1)
                guard let bytes = try guarded.inflater?.next(upTo: room) else {
                    return .success(nil)
                }
                guarded.byteCount += bytes.count
                guard guarded.byteCount <= limit else {
                    return .failure(.bodyTooLarge(limit: limit))
                }
                return .success(bytes)
            } catch {
                return .failure(error)
            }
        }
    }
}

/// A body that cannot be read.
private struct FailingBody: BodyChannel {
    let error: HTTPError

    func nextChunk() async throws(HTTPError) -> [UInt8]? {
        throw error
    }
}
