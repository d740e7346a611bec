/// Where a request stands in its caller's trace: the `traceparent` field of W3C Trace Context.
///
/// The recommendation (level 1) knows no field of the answer; `traceresponse` is a draft and is not
/// sent.
struct TraceParent: Equatable {
    /// 32 lowercase hexadecimal digits, not all zero.
    let traceID: String
    /// 16 of them: the caller's span.
    let parentID: String

    /// Reads a field; nil for what the recommendation calls invalid (section 3.2.2).
    ///
    /// Of versions to come, what the known one says is read (section 3.2.4).
    init?(_ field: String) {
        let bytes = Array(field.utf8)
        // 2 digits, 32, 16 and 2, with dashes in between.
        guard bytes.count >= 55, bytes[2] == Self.dash, bytes[35] == Self.dash,
            bytes[52] == Self.dash,
            [0..<2, 3..<35, 36..<52, 53..<55].allSatisfy({ bytes[$0].allSatisfy(Self.isDigit) })
        else { return nil }
        let isKnown = bytes[0..<2].elementsEqual("00".utf8)
        guard !bytes[0..<2].elementsEqual("ff".utf8),
            bytes.count == 55 || (!isKnown && bytes[55] == Self.dash),
            !bytes[3..<35].allSatisfy({ $0 == UInt8(ascii: "0") }),
            !bytes[36..<52].allSatisfy({ $0 == UInt8(ascii: "0") })
        else { return nil }
        traceID = String(decoding: bytes[3..<35], as: UTF8.self)
        parentID = String(decoding: bytes[36..<52], as: UTF8.self)
    }

    private static let dash = UInt8(ascii: "-")

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}
