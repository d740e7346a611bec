/// A set of code points as a pattern writes it.
indirect enum ScalarClass: Sendable, Equatable {
    /// General categories, one bit each.
    case categories(UInt32)
    /// Explicit ranges.
    case ranges(ScalarSet)
    /// `\w`.
    case word
    case union([ScalarClass])
    case intersection([ScalarClass])
    case complement(ScalarClass)
    /// Also what differs from a member only by case.
    case anyCase(ScalarClass)

    static let any = ScalarClass.categories(.max)

    static func scalar(_ value: UInt32) -> ScalarClass {
        .ranges(ScalarSet(bounds: [value, value + 1]))
    }

    func contains(_ scalar: UInt32, classes: Span<UInt8>) -> Bool {
        switch self {
        case .categories(let set): set & 1 << UInt32(classes[Int(scalar)] & 31) != 0
        case .ranges(let set): set.contains(scalar)
        case .word: classes[Int(scalar)] & UnicodeClasses.wordBit != 0
        case .union(let parts): parts.contains { $0.contains(scalar, classes: classes) }
        case .intersection(let parts): parts.allSatisfy { $0.contains(scalar, classes: classes) }
        case .complement(let part): !part.contains(scalar, classes: classes)
        case .anyCase(let part):
            Self.variants(scalar).contains { part.contains($0, classes: classes) }
        }
    }

    /// The code points that simple case folding makes equal to this one.
    private static func variants(_ scalar: UInt32) -> [UInt32] {
        guard let start = Unicode.Scalar(scalar) else { return [scalar] }
        var result = [scalar]
        func add(_ text: String) {
            let scalars = text.unicodeScalars
            if scalars.count == 1, let value = scalars.first?.value, !result.contains(value) {
                result.append(value)
            }
        }
        add(start.properties.lowercaseMapping)
        add(start.properties.uppercaseMapping)
        add(start.properties.titlecaseMapping)
        for value in result {
            if let other = Unicode.Scalar(value) { add(other.properties.lowercaseMapping) }
        }
        // capitals and signs that fold to a letter without being its own capital
        switch scalar {
        case 0x53, 0x73: add("\u{17F}")
        case 0x4B, 0x6B: add("\u{212A}")
        case 0xC5, 0xE5: add("\u{212B}")
        case 0x3A9, 0x3C9: add("\u{2126}")
        case 0xB5: add("\u{3BC}")
        case 0x3BC: add("\u{B5}")
        case 0x3C3, 0x3A3: add("\u{3C2}")
        case 0x3C2: add("\u{3C3}")
        default: break
        }
        return result
    }
}

/// A ``ScalarClass`` made quick to ask: a bitmap for ASCII and one test for the common rest.
struct CompiledClass: Sendable {
    private let low: UInt64
    private let high: UInt64
    private let categories: UInt32
    /// Asked when a code point beyond ASCII is not in `categories`.
    private let rest: ScalarClass?

    init(_ source: ScalarClass) {
        let table = UnicodeClasses.table
        let classes = table.span
        var bits: (UInt64, UInt64) = (0, 0)
        for value in 0..<UInt32(128) where source.contains(value, classes: classes) {
            if value < 64 {
                bits.0 |= 1 << UInt64(value)
            } else {
                bits.1 |= 1 << UInt64(value - 64)
            }
        }
        low = bits.0
        high = bits.1
        switch source {
        case .categories(let set):
            categories = set
            rest = nil
        case .complement(.categories(let set)):
            categories = ~set
            rest = nil
        case .ranges(let set) where (set.bounds.last ?? 0) <= 128:
            categories = 0
            rest = nil
        default:
            if let set = Self.categoriesBeyondASCII(source) {
                categories = set
                rest = nil
            } else {
                categories = 0
                rest = source
            }
        }
    }

    /// The class as categories alone, when its explicit ranges lie within ASCII.
    private static func categoriesBeyondASCII(_ source: ScalarClass) -> UInt32? {
        switch source {
        case .categories(let set): return set
        case .ranges(let set): return (set.bounds.last ?? 0) <= 128 ? 0 : nil
        case .complement(let part): return categoriesBeyondASCII(part).map { ~$0 }
        case .union(let parts):
            var result: UInt32 = 0
            for part in parts {
                guard let set = categoriesBeyondASCII(part) else { return nil }
                result |= set
            }
            return result
        case .intersection(let parts):
            var result: UInt32 = .max
            for part in parts {
                guard let set = categoriesBeyondASCII(part) else { return nil }
                result &= set
            }
            return result
        case .word, .anyCase: return nil
        }
    }

    /// The length of the code point at `index` when the class has it, otherwise 0.
    @inline(__always)
    func match(_ text: Span<UInt8>, _ index: Int, _ classes: Span<UInt8>) -> Int {
        let byte = text[index]
        if byte < 0x80 {
            let word = byte < 64 ? low : high
            return Int(truncatingIfNeeded: word >> UInt64(byte & 63) & 1)
        }
        let (value, length) = decodeScalar(text, index)
        if categories & 1 << UInt32(classes[Int(value)] & 31) != 0 { return length }
        guard let rest else { return 0 }
        return rest.contains(value, classes: classes) ? length : 0
    }
}
