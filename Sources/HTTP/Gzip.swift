import CSystem

/// Gzip and zlib (RFC 1952 and 1950) by the system's zlib.
enum Gzip {
    /// Packs all of `bytes` as one gzip member.
    ///
    /// - Parameters:
    ///   - bytes: What to pack.
    ///   - level: 1 is fast, 9 is small.
    /// - Returns: The member; nil where memory has run out.
    static func packed(_ bytes: [UInt8], level: Int32) -> [UInt8]? {
        var stream = unsafe z_stream()
        guard
            unsafe deflateInit2_(
                &stream, level, Z_DEFLATED, 15 + gzipWindow, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { _ = unsafe deflateEnd(&stream) }
        let capacity = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
        var input = bytes
        return unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe Array(unsafeUninitializedCapacity: capacity) { target, count in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = UInt32(capacity)
                let code = unsafe deflate(&stream, Z_FINISH)
                precondition(code == Z_STREAM_END, "deflateBound bounds")
                count = unsafe capacity - Int(stream.avail_out)
            }
        }
    }

    /// Makes zlib write and expect gzip's header and trailer (zlib.h, `deflateInit2`).
    fileprivate static let gzipWindow: Int32 = 16
}

/// Unpacks a body of one coding, piece by piece.
///
/// Unchecked because of the pointer, which nobody else has: the value is moved, never shared.
@safe struct Inflater: ~Copyable, @unchecked Sendable {
    /// The formats that `Content-Encoding` names.
    enum Format {
        /// One or more members, one after the other (RFC 1952, section 2.2).
        case gzip
        /// One zlib stream, as RFC 9110, section 8.4.1.2, means `deflate`.
        case deflate
    }

    /// On the heap because zlib's inner state points back to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private let format: Format
    private var input: [UInt8] = []
    private var start = 0
    private var hasEnded = false
    /// Whether zlib may keep back output for which there was no room.
    private var isFull = false

    /// An unpacker at the beginning of a body; nil where memory has run out.
    init?(_ format: Format) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard
            unsafe inflateInit2_(
                stream, 15 + (format == .gzip ? Gzip.gzipWindow : 0), ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else {
            unsafe stream.deallocate()
            return nil
        }
        unsafe self.stream = stream
        self.format = format
    }

    deinit {
        _ = unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Whether the body may end here.
    var isComplete: Bool { hasEnded && start == input.count }

    /// Takes more packed bytes, once `next` has found no more in those before.
    mutating func append(_ bytes: [UInt8]) {
        precondition(start == input.count, "bytes are left")
        (input, start) = (bytes, 0)
    }

    /// The next unpacked bytes, at most `count`; nil where more input is needed.
    ///
    /// - Throws: `malformed` for bytes that are not of the format.
    mutating func next(upTo count: Int) throws(HTTPError) -> [UInt8]? {
        while start < input.count || isFull {
            if hasEnded {
                // Nothing is kept back behind the end.
                isFull = false
                guard start < input.count else { break }
                guard format == .gzip else {
                    throw .malformed(reason: "something follows the end of the deflate body")
                }
                _ = unsafe inflateReset(stream)
                hasEnded = false
            }
            var code: Int32 = 0
            let output = unsafe input.withUnsafeMutableBufferPointer { source in
                let rest = unsafe source[start...]
                return unsafe Array<UInt8>(unsafeUninitializedCapacity: count) { target, filled in
                    let packed = unsafe UnsafeMutableBufferPointer(rebasing: rest)
                    unsafe stream.pointee.next_in = packed.baseAddress
                    unsafe stream.pointee.avail_in = UInt32(packed.count)
                    unsafe stream.pointee.next_out = target.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(count)
                    code = unsafe inflate(stream, Z_NO_FLUSH)
                    filled = unsafe count - Int(stream.pointee.avail_out)
                }
            }
            start = unsafe input.count - Int(stream.pointee.avail_in)
            isFull = output.count == count
            switch code {
            case Z_OK, Z_BUF_ERROR: break
            case Z_STREAM_END: hasEnded = true
            default: throw .malformed(reason: "the body is not what its Content-Encoding says")
            }
            if !output.isEmpty { return output }
            // Neither input taken nor output made: only more input helps.
            if code == Z_BUF_ERROR { break }
        }
        return nil
    }
}
