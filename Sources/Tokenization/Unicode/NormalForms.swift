/// Unicode's normal forms (UAX #15) with the tables of the reference tokenizer.
///
/// The standard library's tables are of another Unicode version, so text that one of them leaves
/// alone the other would change.
struct NormalForms: Sendable {
    /// The four forms.
    enum Form: Sendable {
        case canonicalComposed, canonicalDecomposed, compatibleComposed, compatibleDecomposed
    }

    /// Index into ``canonical`` or ``compatible``, where the length stands, of each code point
    /// that decomposes.
    private let canonicalIndex: [UInt32: Int]
    private let compatibleIndex: [UInt32: Int]
    private let combiningClass: [UInt32: UInt8]
    private let composed: [UInt64: UInt32]

    static let tables = NormalForms()

    private init() {
        canonicalIndex = Self.index(Self.canonical)
        compatibleIndex = Self.index(Self.compatible)
        var classes: [UInt32: UInt8] = [:]
        for index in stride(from: 0, to: Self.combiningClasses.count, by: 3) {
            for point in Self.combiningClasses[index]..<Self.combiningClasses[index + 1] {
                classes[point] = UInt8(truncatingIfNeeded: Self.combiningClasses[index + 2])
            }
        }
        combiningClass = classes
        var pairs: [UInt64: UInt32] = [:]
        for index in stride(from: 0, to: Self.compositions.count, by: 3) {
            pairs[Self.pair(Self.compositions[index], Self.compositions[index + 1])] =
                Self.compositions[index + 2]
        }
        composed = pairs
    }

    private static func index(_ table: [UInt32]) -> [UInt32: Int] {
        var result: [UInt32: Int] = [:]
        var index = 0
        while index < table.count {
            result[table[index]] = index + 1
            index += 2 + Int(table[index + 1])
        }
        return result
    }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 {
        UInt64(first) << 32 | UInt64(second)
    }

    /// Whether `text` surely is in NFC already; linear and cheap.
    static func isStable(_ text: Span<UInt8>) -> Bool {
        var index = 0
        // everything below U+0300 is stable: leads up to 0xCB
        while index < text.count, text[index] < 0xCC { index += 1 }
        guard index < text.count else { return true }
        let table = UnicodeClasses.table
        let classes = table.span
        while index < text.count {
            let (value, length) = decodeScalar(text, index)
            if classes[Int(value)] & UnicodeClasses.unstableBit != 0 { return false }
            index += length
        }
        return true
    }

    /// The text in the given form.
    func normalize(_ text: Span<UInt8>, to form: Form) -> [UInt8] {
        let compatible = form == .compatibleComposed || form == .compatibleDecomposed
        var scalars: [UInt32] = []
        scalars.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let (value, length) = decodeScalar(text, index)
            decompose(value, compatible: compatible, into: &scalars)
            index += length
        }
        reorder(&scalars)
        if form == .canonicalComposed || form == .compatibleComposed { compose(&scalars) }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for scalar in scalars { appendScalar(scalar, to: &result) }
        return result
    }

    private func decompose(_ value: UInt32, compatible: Bool, into scalars: inout [UInt32]) {
        if value < 0xA0 {
            scalars.append(value)
        } else if value >= 0xAC00, value < 0xAC00 + 11172 {
            let syllable = value - 0xAC00
            scalars.append(0x1100 + syllable / 588)
            scalars.append(0x1161 + syllable % 588 / 28)
            if syllable % 28 > 0 { scalars.append(0x11A7 + syllable % 28) }
        } else if compatible, let index = compatibleIndex[value] {
            let count = Int(Self.compatible[index])
            scalars.append(contentsOf: Self.compatible[index + 1..<index + 1 + count])
        } else if let index = canonicalIndex[value] {
            let count = Int(Self.canonical[index])
            scalars.append(contentsOf: Self.canonical[index + 1..<index + 1 + count])
        } else {
            scalars.append(value)
        }
    }

    /// Canonical ordering: runs of combining marks, sorted stably by class.
    private func reorder(_ scalars: inout [UInt32]) {
        var run: [(order: UInt8, scalar: UInt32)] = []
        var start = 0
        for index in 0...scalars.count {
            let order = index < scalars.count ? combiningClass[scalars[index]] ?? 0 : 0
            if order > 0 {
                if run.isEmpty { start = index }
                run.append((order, scalars[index]))
            } else if !run.isEmpty {
                if run.count > 1 {
                    run.sort { $0.order < $1.order }
                    for (offset, mark) in run.enumerated() { scalars[start + offset] = mark.scalar }
                }
                run.removeAll(keepingCapacity: true)
            }
        }
    }

    private func compose(_ scalars: inout [UInt32]) {
        var output = 0
        var starter = -1
        var lastClass: UInt8 = 0
        for index in scalars.indices {
            let scalar = scalars[index]
            let order = combiningClass[scalar] ?? 0
            // adjacent to the starter, or not blocked by a mark of the same or a higher class
            if starter >= 0, output == starter + 1 || lastClass < order,
                let whole = composition(scalars[starter], scalar)
            {
                scalars[starter] = whole
                continue
            }
            if order == 0 {
                starter = output
                lastClass = 0
            } else {
                lastClass = order
            }
            scalars[output] = scalar
            output += 1
        }
        scalars.removeLast(scalars.count - output)
    }

    private func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if first >= 0x1100, first < 0x1113, second >= 0x1161, second < 0x1176 {
            return 0xAC00 + (first - 0x1100) * 588 + (second - 0x1161) * 28
        }
        if first >= 0xAC00, first < 0xAC00 + 11172, (first - 0xAC00) % 28 == 0,
            second > 0x11A7, second < 0x11C3
        {
            return first + second - 0x11A7
        }
        return composed[Self.pair(first, second)]
    }
}
