@testable import HTTP

/// What libFuzzer calls: the first byte chooses who reads the others.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = bytes.first else { return 0 }
    let input = Array(bytes.dropFirst())
    switch choice % 7 {
    case 0: readRequests(input)
    case 1: readChunks(input)
    case 2: readFields(input)
    case 3: unpack(input, .gzip)
    case 4: unpack(input, .deflate)
    case 5: readBody(input)
    default: readTarget(input)
    }
    return 0
}

/// Whole and byte by byte, requests come out the same.
private func readRequests(_ input: [UInt8]) {
    var limits = HTTPLimits()
    limits.bodyByteCount = 1 << 16
    let whole = events(input, cut: input.count, limits)
    precondition(whole == events(input, cut: 1, limits), "the cut shows")
}

private func events(_ input: [UInt8], cut: Int, _ limits: HTTPLimits) -> [String] {
    var parser = RequestParser(limits: limits)
    var lines: [String] = []
    var bodyByteCount = 0
    do throws(HTTPError) {
        var start = 0
        while start < input.count {
            let end = min(start + max(1, cut), input.count)
            parser.append(input[start..<end])
            start = end
            while let event = try parser.next() {
                switch event {
                case .head(let head): lines.append("\(head.method) \(head.target) \(head.fields)")
                case .body(let bytes):
                    bodyByteCount += bytes.count
                    precondition(bodyByteCount <= limits.bodyByteCount, "more than the limit")
                case .end:
                    lines.append("\(bodyByteCount)")
                    bodyByteCount = 0
                }
            }
        }
    } catch {
        lines.append("\(error)")
    }
    return lines
}

private func readChunks(_ input: [UInt8]) {
    let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    readRequests(Array(head.utf8) + input)
}

/// The readers of single fields, and of ranges of a file.
private func readFields(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    if let seconds = HTTPDate.seconds(text), abs(seconds) < 1 << 40 {
        precondition(HTTPDate.seconds(HTTPDate.text(seconds)) == seconds, "another date")
    }
    for count in [0, 1, 1000] {
        if case .part(let part) = ByteRange(text, of: count) {
            precondition(!part.isEmpty && part.upperBound <= count, "a part that is not there")
        }
    }
    _ = AcceptEncoding([.acceptEncoding: text]).prefersGzip
    _ = HTTPQuery(parsing: text)
    _ = MediaType.ofFile(named: text)
}

private func unpack(_ input: [UInt8], _ format: Inflater.Format) {
    guard var inflater = Inflater(format) else { return }
    var byteCount = 0
    do throws(HTTPError) {
        for piece in [input.prefix(input.count / 2), input.suffix(input.count - input.count / 2)] {
            inflater.append(Array(piece))
            while let bytes = try inflater.next(upTo: 100) {
                precondition(!bytes.isEmpty && bytes.count <= 100, "a piece of \(bytes.count)")
                byteCount += bytes.count
                guard byteCount < 1 << 16 else { return }
            }
        }
    } catch {
        return
    }
}

private func readTarget(_ input: [UInt8]) {
    guard let target = try? RequestTarget(parsing: input[...], method: .get) else { return }
    precondition(!target.path.utf8.contains(0), "a NUL")
    precondition(target.path.hasPrefix("/"), "no path")
}
