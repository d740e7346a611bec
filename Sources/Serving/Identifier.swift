/// Names for requests and answers.
enum Identifier {
    /// A new name of a trace: 128 random bits, as `TraceParent` has them.
    static func trace() -> String { make("", digitCount: 32) }

    /// A new name: the prefix and 96 random bits.
    static func make(_ prefix: String, digitCount: Int = 24) -> String {
        // Each draw is a system call: two words, not a word for each digit.
        var generator = SystemRandomNumberGenerator()
        let words: [UInt64] = [generator.next(), generator.next()]
        var text = Array(prefix.utf8)
        for digit in 0..<digitCount {
            let nibble = UInt8(truncatingIfNeeded: words[digit / 16] >> (4 * (digit % 16))) & 15
            text.append(nibble + (nibble < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The client's own request id if it is fit to be echoed and logged, else a new one.
    static func request(offered: String?) -> String {
        guard let offered, (1...128).contains(offered.utf8.count),
            offered.utf8.allSatisfy(isPlain)
        else { return make("req-") }
        return offered
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default:
            "-_.:/+=@".utf8.contains(byte)
        }
    }
}
