/// RFC 3986, section 2.1.
enum PercentCoding {
    /// Undoes each `%XX` once; nil where a percent sign has no two hexadecimal digits after it.
    static func decode(_ raw: some Collection<UInt8>) -> [UInt8]? {
        guard raw.contains(UInt8(ascii: "%")) else { return Array(raw) }
        return decode(raw, strict: true)
    }

    /// As `decode`, but a lone percent sign stands for itself.
    static func decodeLeniently(_ raw: some Collection<UInt8>) -> [UInt8] {
        decode(raw, strict: false) ?? []
    }

    /// The value of one hexadecimal digit.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func decode(_ raw: some Collection<UInt8>, strict: Bool) -> [UInt8]? {
        let bytes = Array(raw)
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            if index + 1 < bytes.count, let high = digit(bytes[index]),
                let low = digit(bytes[index + 1])
            {
                decoded.append(high << 4 | low)
                index += 2
            } else if strict {
                return nil
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }
}
