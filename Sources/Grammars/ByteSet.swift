/// A set of bytes.
struct ByteSet: Sendable, Hashable {
    private var low: SIMD2<UInt64> = .zero
    private var high: SIMD2<UInt64> = .zero

    /// The bytes of `bytes`.
    init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { insert(byte) }
    }

    mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << (UInt64(byte) & 63)
        if byte < 128 { low[Int(byte) >> 6] |= bit } else { high[Int(byte) >> 6 - 2] |= bit }
    }

    func isDisjoint(with other: ByteSet) -> Bool {
        low & other.low == .zero && high & other.high == .zero
    }

    func contains(_ byte: UInt8) -> Bool {
        let word = byte < 128 ? low[Int(byte) >> 6] : high[Int(byte) >> 6 - 2]
        return word >> (UInt64(byte) & 63) & 1 == 1
    }
}
