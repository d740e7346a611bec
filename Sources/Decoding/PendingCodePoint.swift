/// What a text still lacks to end with a whole code point, as UTF-8 counts.
///
/// A lead byte announces one to three continuation bytes (0x80...0xBF); behind E0, ED, F0 and F4
/// the first of them has a narrower range (Unicode 16.0, table 3-7).
struct PendingCodePoint: Sendable, Equatable {
    /// Continuation bytes that are missing, 0...3.
    private(set) var missing: UInt8 = 0
    /// Smallest value of the next byte.
    private(set) var lower: UInt8 = 0x80
    /// Largest value of the next byte.
    private(set) var upper: UInt8 = 0xBF

    /// Nothing is missing.
    static let none = PendingCodePoint()

    /// `missing` bytes, the next of any value.
    init(missing: UInt8 = 0) {
        self.missing = missing
    }

    /// What is missing behind `bytes` alone; nothing behind bytes that are no UTF-8.
    init(behind bytes: [UInt8]) {
        let continuations = bytes.reversed().prefix { $0 & 0xC0 == 0x80 }.count
        guard continuations < 3, continuations < bytes.count else { return }
        let lead = bytes[bytes.count - 1 - continuations]
        let announced =
            switch lead {
            case 0xC2...0xDF: 1
            case 0xE0...0xEF: 2
            case 0xF0...0xF4: 3
            default: 0
            }
        guard announced > continuations else { return }
        missing = UInt8(announced - continuations)
        guard continuations == 0 else { return }
        switch lead {
        case 0xE0: lower = 0xA0
        case 0xED: upper = 0x9F
        case 0xF0: lower = 0x90
        case 0xF4: upper = 0x8F
        default: break
        }
    }

    /// Takes a token's bytes; those that do not fit begin anew, as decoders do.
    mutating func append(_ shape: TokenShapes.Shape) {
        guard !shape.contains(.empty) else { return }
        guard shape.contains(.continuation) else {
            self = shape.tail
            return
        }
        self = PendingCodePoint(missing: missing > shape.leading ? missing - shape.leading : 0)
    }

    /// Whether a token's bytes are nothing but some of those that are missing.
    func accepts(_ shape: TokenShapes.Shape) -> Bool {
        shape.contains(.continuation) && shape.leading <= missing && shape.first >= lower
            && shape.first <= upper
    }
}
