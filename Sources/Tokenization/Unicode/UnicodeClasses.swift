/// What the reference tokenizer takes each code point for.
///
/// Properties follow the Unicode versions of the reference's own parts, not of this program's
/// standard library: a letter assigned after their release must stay unassigned here as well.
enum UnicodeClasses {
    /// One byte per code point: general category in the low five bits, then ``wordBit``,
    /// ``numericBit`` and ``unstableBit``.
    static let table: [UInt8] = {
        var table = [UInt8](repeating: 0, count: 0x110000)
        for (index, run) in categoryRuns.enumerated() {
            let end = index + 1 < categoryRuns.count ? Int(categoryRuns[index + 1] >> 5) : 0x110000
            let category = UInt8(truncatingIfNeeded: run & 31)
            for point in Int(run >> 5)..<end { table[point] = category }
        }
        for point in [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85] { table[point] = controlSpace }
        mark(wordRanges, with: wordBit, in: &table)
        mark(numericRanges, with: numericBit, in: &table)
        mark(NormalForms.unstableRanges, with: unstableBit, in: &table)
        return table
    }()

    /// Oniguruma's `\w`.
    static let wordBit: UInt8 = 1 << 5
    /// Rust's `char::is_numeric`.
    static let numericBit: UInt8 = 1 << 6
    /// May change under NFC.
    static let unstableBit: UInt8 = 1 << 7

    /// The category given to control characters that are white space.
    static let controlSpace: UInt8 = 30

    /// Names of the general categories in the order of their numbers.
    static let names = [
        "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps",
        "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
    ]

    static let letters: UInt32 = 0b11111 << 1
    static let marks: UInt32 = 0b111 << 6
    static let numbers: UInt32 = 0b111 << 9
    static let decimalDigits: UInt32 = 1 << 9
    static let punctuation: UInt32 = 0b111_1111 << 12
    static let symbols: UInt32 = 0b1111 << 19
    static let separators: UInt32 = 0b111 << 23
    static let whiteSpace: UInt32 = separators | 1 << UInt32(controlSpace)

    /// The set of categories that `\p{name}` stands for; `nil` for another property.
    static func categories(named name: String) -> UInt32? {
        let controls: UInt32 = 1 << 26 | 1 << UInt32(controlSpace)
        switch name {
        case "L", "Letter": return letters
        case "M", "Mark": return marks
        case "N", "Number": return numbers
        case "P", "Punctuation": return punctuation
        case "S", "Symbol": return symbols
        case "Z", "Separator": return separators
        case "C", "Other": return 1 | controls | 0b111 << 27
        case "Cc": return controls
        case "Any": return .max
        default:
            return names.firstIndex(of: name).map { 1 << UInt32($0) }
        }
    }

    private static func mark(_ ranges: [UInt32], with bit: UInt8, in table: inout [UInt8]) {
        for index in stride(from: 0, to: ranges.count - 1, by: 2) {
            for point in Int(ranges[index])..<Int(ranges[index + 1]) { table[point] |= bit }
        }
    }
}

/// A set of code points as sorted, disjoint, half-open ranges in one flat list.
struct ScalarSet: Sendable, Equatable {
    private(set) var bounds: [UInt32]

    init(bounds: [UInt32]) {
        self.bounds = bounds
    }

    func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] <= scalar { low = middle + 1 } else { high = middle }
        }
        return low & 1 == 1
    }
}

/// The code point that starts at `index` of well-formed UTF-8, and its length in bytes.
@inline(__always)
func decodeScalar(_ text: Span<UInt8>, _ index: Int) -> (value: UInt32, length: Int) {
    let lead = UInt32(text[index])
    if lead < 0x80 { return (lead, 1) }
    let second = UInt32(text[index + 1] & 0x3F)
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
    let third = UInt32(text[index + 2] & 0x3F)
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
    return ((lead & 0x07) << 18 | second << 12 | third << 6 | UInt32(text[index + 3] & 0x3F), 4)
}

/// Where the code point before `index` starts.
@inline(__always)
func previousScalar(_ text: Span<UInt8>, _ index: Int) -> Int {
    var start = index - 1
    while text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
}

/// Appends the UTF-8 of a code point.
@inline(__always)
func appendScalar(_ value: UInt32, to output: inout [UInt8]) {
    if value < 0x80 {
        output.append(UInt8(truncatingIfNeeded: value))
    } else if value < 0x800 {
        output.append(UInt8(truncatingIfNeeded: 0xC0 | value >> 6))
        output.append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
    } else if value < 0x10000 {
        output.append(UInt8(truncatingIfNeeded: 0xE0 | value >> 12))
        output.append(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3F))
        output.append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
    } else {
        output.append(UInt8(truncatingIfNeeded: 0xF0 | value >> 18))
        output.append(UInt8(truncatingIfNeeded: 0x80 | value >> 12 & 0x3F))
        output.append(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3F))
        output.append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
    }
}
