/// A hash that is the same on every machine and in every run.
///
/// FNV-1a over 64 bits, then the finaliser of SplitMix64, since FNV alone leaves its high bits
/// poor on short texts. Not for adversaries: whoever writes the data may make two texts agree.
public struct StableHash: Sendable {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// Of nothing yet.
    public init() {}

    /// Takes in a text; its end counts, so that "ab", "c" differs from "a", "bc".
    public mutating func combine(_ text: String) {
        for byte in text.utf8 { absorb(byte) }
        absorb(0xFF)
    }

    /// Takes in a number.
    mutating func combine(_ number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            absorb(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }

    /// The hash of what was taken in.
    var value: UInt64 { RandomSource.mix(state) }

    /// The hash as 16 hexadecimal digits.
    public var hexadecimal: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private mutating func absorb(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
}
