/// The alphabet of byte-level BPE: each byte has one printable character (GPT-2, Radford 2019).
///
/// Printable Latin-1 stands for itself; the other 68 bytes get U+0100 and up, in order.
enum ByteAlphabet {
    /// The character of each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0..<256).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                return Unicode.Scalar(UInt8(byte))
            default:
                defer { next += 1 }
                return Unicode.Scalar(next) ?? " "
            }
        }
    }()

    /// The byte of each character below U+0144, -1 where the character stands for none.
    static let bytes: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = Int16(byte) }
        return table
    }()

    /// Appends the bytes that a token's characters stand for, or, when one of them stands for
    /// none, the token's own UTF-8.
    static func appendBytes(
        of token: Span<UInt8>, _ range: Range<Int>, table: [Int16], to output: inout [UInt8]
    ) {
        let start = output.count
        var index = range.lowerBound
        while index < range.upperBound {
            let lead = token[index]
            var scalar = Int(lead)
            var length = 1
            if lead >= 0x80 {
                // two bytes reach U+07FF, well beyond the alphabet
                guard lead < 0xE0, index + 1 < range.upperBound else { break }
                scalar = Int(lead & 0x1F) << 6 | Int(token[index + 1] & 0x3F)
                length = 2
            }
            guard scalar < table.count, table[scalar] >= 0 else { break }
            output.append(UInt8(truncatingIfNeeded: table[scalar]))
            index += length
        }
        if index == range.upperBound { return }
        output.removeSubrange(start...)
        for index in range { output.append(token[index]) }
    }
}
