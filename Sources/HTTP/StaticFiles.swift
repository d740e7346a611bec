public import Sockets
import Synchronization

/// The files of one folder, for a web page: GET and HEAD, conditions, ranges, gzip.
public final class StaticFiles: Sendable {
    /// Largest file that is read and packed in one piece; larger ones are streamed as they are.
    private static let wholeByteCount = 1 << 20
    /// Bytes of a larger file read at a time.
    private static let pieceByteCount = 64 * 1024
    /// Files below gain nothing from being packed.
    private static let leastPackedByteCount = 512
    /// Everything the page loads must come from here; it may be shown in no other's frame.
    private static let policy = """
        default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
        object-src 'none'
        """

    private let folder: PublicFolder
    private let packed = PackedFiles()

    /// Serves a folder.
    ///
    /// - Parameter path: Where it lies.
    /// - Throws: `system` where it cannot be opened or is no folder.
    public init(path: String) throws(SocketError) {
        folder = try PublicFolder(path: path)
    }

    /// Answers from the folder.
    ///
    /// A folder is answered by its `index.html`. Names that begin with a dot are not shown, nor what
    /// a symbolic link outside leads to, nor what is no regular file.
    ///
    /// - Parameter request: The request.
    /// - Returns: The answer; nil where the folder has nothing at this path.
    /// - Throws: `methodNotAllowed`, `preconditionFailed`, `rangeNotSatisfiable`.
    public func respond(to request: HTTPRequest) throws(HTTPError) -> HTTPResponse? {
        var names = request.target.segments
        // The last segment of `/a/` is empty; no other may be.
        if names.last?.isEmpty == true { names[names.count - 1] = Self.index }
        if names.isEmpty { names = [Self.index] }
        guard names.allSatisfy(Self.isShown), let entry = folder.entry(at: names) else {
            return nil
        }
        let allowed = ["GET", "HEAD", "OPTIONS"]
        switch (entry, request.method) {
        case (.folder, _) where !hasIndex(names):
            return nil
        case (_, .options):
            return HTTPResponse(
                status: .noContent, fields: [.allow: allowed.joined(separator: ", ")])
        case (.file(let file), .get), (.file(let file), .head):
            return try response(to: request, file, names)
        case (.folder, .get), (.folder, .head):
            // Without a host, so that it holds behind any proxy; the target begins with one slash
            // only, or an empty segment had ended this.
            let path = request.target.raw.prefix { $0 != "?" }
            guard path.hasPrefix("/") else { return nil }
            let query = request.target.rawQuery.map { "?\($0)" } ?? ""
            return HTTPResponse(
                status: .movedPermanently, fields: [.location: "\(path)/\(query)"])
        default:
            throw .methodNotAllowed(method: request.method.rawValue, allowed: allowed)
        }
    }

    private static let index = "index.html"

    private func hasIndex(_ names: [String]) -> Bool {
        if case .file? = folder.entry(at: names + [Self.index]) { true } else { false }
    }

    private static func isShown(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 255
            && name.utf8.allSatisfy {
                $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\")
            }
    }

    private func response(
        to request: HTTPRequest, _ plain: PublicFile, _ names: [String]
    ) throws(HTTPError) -> HTTPResponse {
        let type = MediaType.ofFile(named: names.last ?? "")
        let isPackable = MediaType.isText(type) && plain.byteCount >= Self.leastPackedByteCount
        let fields = request.fields
        var file = plain
        var bytes: [UInt8]?
        var coding: String?
        // A part is one of the plain file's, so that it does not depend on how zlib packs today.
        if isPackable, AcceptEncoding(fields).prefersGzip, !fields.contains(.range) {
            if let beside = gzipBeside(plain, names) {
                (file, coding) = (beside, "gzip")
            } else if let made = packedBytes(of: plain, names) {
                (bytes, coding) = (made, "gzip")
            }
        }
        let validators = Validators(plain, coding: coding)
        var response = HTTPResponse(fields: [
            .contentType: type, .eTag: validators.tag,
            .lastModified: HTTPDate.text(validators.modified),
            .cacheControl: type.hasPrefix("image/") || type.hasPrefix("font/")
                ? "public, max-age=3600" : "no-cache",
            .contentSecurityPolicy: Self.policy, .acceptRanges: "bytes",
            .xContentTypeOptions: "nosniff", .referrerPolicy: "no-referrer",
        ])
        if isPackable { response.fields[.vary] = "Accept-Encoding" }
        if let coding { response.fields[.contentEncoding] = coding }
        switch validators.verdict(on: fields) {
        case .failed: throw .preconditionFailed
        case .notModified:
            response.status = .notModified
            return response
        case .go: break
        }
        var range = 0..<file.byteCount
        if request.method == .get, let asked = fields[.range], validators.allowsRange(fields) {
            switch ByteRange(asked, of: file.byteCount) {
            case .whole: break
            case .unsatisfiable: throw .rangeNotSatisfiable(byteCount: file.byteCount)
            case .part(let part):
                range = part
                response.status = .partialContent
                response.fields[.contentRange] =
                    "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.byteCount)"
            }
        }
        response.body = if let bytes { .bytes(bytes) } else { try Self.body(file, range) }
        return response
    }

    private static func body(
        _ file: PublicFile, _ range: Range<Int>
    ) throws(HTTPError) -> HTTPResponse.Body {
        guard range.count > wholeByteCount else { return .bytes(try read(file, range)) }
        return .sized(range.count) { writer in
            var start = range.lowerBound
            while start < range.upperBound {
                let end = min(start + pieceByteCount, range.upperBound)
                let piece = start..<end
                try await writer.write(
                    try await offLoop { () throws(HTTPError) in try read(file, piece) })
                start = end
            }
        }
    }

    private static func read(
        _ file: PublicFile, _ range: Range<Int>
    ) throws(HTTPError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SocketError) {
            bytes = try file.bytes(in: range)
        } catch {
            throw .handlerFailed(reason: "\(error)")
        }
        guard bytes.count == range.count else {
            throw .handlerFailed(reason: "a file became shorter while it was sent")
        }
        return bytes
    }

    /// `NAME.gz`, if it is no older than `NAME`.
    private func gzipBeside(_ plain: PublicFile, _ names: [String]) -> PublicFile? {
        guard let name = names.last,
            case .file(let file)? = folder.entry(at: names.dropLast() + ["\(name).gz"]),
            file.modifiedSeconds >= plain.modifiedSeconds
        else { return nil }
        return file
    }

    private func packedBytes(of file: PublicFile, _ names: [String]) -> [UInt8]? {
        guard file.byteCount <= Self.wholeByteCount else { return nil }
        let key = "\(names.joined(separator: "/")) \(Validators(file, coding: nil).tag)"
        return packed.bytes(under: key) {
            guard let bytes = try? Self.read(file, 0..<file.byteCount),
                let packed = Gzip.packed(bytes, level: 9), packed.count < bytes.count
            else { return nil }
            return packed
        }
    }
}

/// Packed files, each packed once; all are forgotten when they have become too many.
private final class PackedFiles: Sendable {
    private static let limit = 16 << 20

    private struct Guarded {
        var files: [String: [UInt8]?] = [:]
        var byteCount = 0
    }

    private let guarded = Mutex(Guarded())

    /// What lies under `key`, made by `make` where nothing does; nil where packing does not help.
    func bytes(under key: String, make: () -> [UInt8]?) -> [UInt8]? {
        if let known = guarded.withLock({ $0.files[key] }) { return known }
        let made = make()
        guarded.withLock { guarded in
            let count = key.utf8.count + (made?.count ?? 0)
            if guarded.byteCount + count > Self.limit { guarded = Guarded() }
            guarded.files[key] = .some(made)
            guarded.byteCount += count
        }
        return made
    }
}
