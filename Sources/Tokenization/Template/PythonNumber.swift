/// How Python prints numbers.
enum PythonNumber {
    /// The shortest decimal that reads back as `value`: digits, and the place of the point.
    private static func shortest(_ value: Double) -> (digits: [UInt8], point: Int) {
        var digits: [UInt8] = []
        var point = 0
        var hasPoint = false
        var exponent = 0
        let text = Array(value.magnitude.description.utf8)
        for (index, byte) in text.enumerated() {
            if byte == 0x2E {
                hasPoint = true
            } else if byte == 0x65 {
                exponent = Int(String(decoding: text[(index + 1)...], as: UTF8.self)) ?? 0
                break
            } else {
                digits.append(byte)
                if !hasPoint { point += 1 }
            }
        }
        point += exponent
        let zeros = digits.prefix { $0 == 0x30 }.count
        digits.removeFirst(zeros)
        point -= zeros
        while digits.last == 0x30 { digits.removeLast() }
        return (digits, point)
    }

    /// `repr` of a float.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        let sign = value.sign == .minus ? "-" : ""
        let (digits, point) = shortest(value)
        if digits.isEmpty { return sign + "0.0" }
        let text = String(decoding: digits, as: UTF8.self)
        if point > 16 || point < -3 {
            let exponent = point - 1
            let mantissa = digits.count == 1 ? text : text.prefix(1) + "." + text.dropFirst()
            let magnitude = exponent.magnitude
            return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")"
                + (magnitude < 10 ? "0" : "") + String(magnitude)
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + text }
        if point >= digits.count {
            return sign + text + String(repeating: "0", count: point - digits.count) + ".0"
        }
        return sign + text.prefix(point) + "." + text.dropFirst(point)
    }

    /// The exact decimal expansion of a finite magnitude: digits before and after the point.
    private static func expansion(_ value: Double) -> (whole: [UInt8], fraction: [UInt8]) {
        guard value != 0 else { return ([0], []) }
        let significand = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
        let power = (value.isNormal ? Int(value.exponent) : -1022) - 52
        var digits = String(significand).utf8.map { $0 - 0x30 }
        if power >= 0 {
            for _ in 0..<power { multiply(&digits, by: 2) }
            return (digits, [])
        }
        // m / 2^k = m · 5^k / 10^k
        for _ in 0..<(-power) { multiply(&digits, by: 5) }
        let missing = -power + 1 - digits.count
        if missing > 0 { digits.insert(contentsOf: Array(repeating: 0, count: missing), at: 0) }
        let split = digits.count + power
        return (Array(digits[..<split]), Array(digits[split...]))
    }

    private static func multiply(_ digits: inout [UInt8], by factor: UInt8) {
        var carry: UInt8 = 0
        for index in digits.indices.reversed() {
            let product = digits[index] * factor + carry
            digits[index] = product % 10
            carry = product / 10
        }
        if carry > 0 { digits.insert(carry, at: 0) }
    }

    /// `value` with exactly `places` decimals, the exact value rounded half to even.
    static func fixed(_ value: Double, places: Int) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        let (whole, fraction) = expansion(value)
        var digits = whole + fraction.prefix(places)
        digits += Array(repeating: 0, count: max(0, places - fraction.count))
        let rest = fraction.dropFirst(places)
        if let first = rest.first {
            let isHalf = first == 5 && rest.dropFirst().allSatisfy { $0 == 0 }
            if first > 5 || (first == 5 && !isHalf) || (isHalf && (digits.last ?? 0) % 2 == 1) {
                increment(&digits)
            }
        }
        let split = digits.count - places
        let text = digits.map { Character(Unicode.Scalar($0 + 0x30)) }
        let head = String(text[..<split])
        let sign = value.sign == .minus ? "-" : ""
        return places == 0 ? sign + head : sign + head + "." + String(text[split...])
    }

    private static func increment(_ digits: inout [UInt8]) {
        for index in digits.indices.reversed() {
            if digits[index] < 9 {
                digits[index] += 1
                return
            }
            digits[index] = 0
        }
        digits.insert(1, at: 0)
    }

    /// `value` with one digit before the point, `places` after it and an exponent.
    static func scientific(_ value: Double, places: Int) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return "inf" }
        let (whole, fraction) = expansion(value)
        var digits = (whole + fraction)[...]
        var exponent = whole.count - 1
        while let first = digits.first, first == 0, digits.count > 1, value != 0 {
            digits.removeFirst()
            exponent -= 1
        }
        var kept = Array(digits.prefix(places + 1))
        kept += Array(repeating: 0, count: max(0, places + 1 - kept.count))
        let rest = digits.dropFirst(places + 1)
        if let first = rest.first {
            let isHalf = first == 5 && rest.dropFirst().allSatisfy { $0 == 0 }
            if first > 5 || (first == 5 && !isHalf) || (isHalf && (kept.last ?? 0) % 2 == 1) {
                let count = kept.count
                increment(&kept)
                if kept.count > count {
                    kept.removeLast()
                    exponent += 1
                }
            }
        }
        if value == 0 { exponent = 0 }
        let text = kept.map { Character(Unicode.Scalar($0 + 0x30)) }
        let magnitude = exponent.magnitude
        return String(text[0]) + (places > 0 ? "." + String(text[1...]) : "")
            + "e" + (exponent < 0 ? "-" : "+") + (magnitude < 10 ? "0" : "") + String(magnitude)
    }

    /// `value` with so many significant digits, zeros at the end dropped, as `%g` has it.
    static func general(_ value: Double, places: Int, keepsPoint: Bool = false) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return "inf" }
        let scientific = scientific(value, places: places - 1)
        let mark = scientific.lastIndex(of: "e") ?? scientific.endIndex
        let exponent = Int(scientific[mark...].dropFirst()) ?? 0
        func trimmed(_ text: String) -> String {
            guard text.contains(".") else { return text }
            var text = text[...]
            while text.last == "0" { text.removeLast() }
            if text.last == "." { text.removeLast() }
            return String(text)
        }
        if exponent < -4 || exponent >= places - (keepsPoint ? 1 : 0) {
            return trimmed(String(scientific[..<mark])) + scientific[mark...]
        }
        let text = trimmed(fixed(value, places: max(0, places - 1 - exponent)))
        return keepsPoint && !text.contains(".") ? text + ".0" : text
    }

    // MARK: Reading

    /// Digits without the underscores that may stand between two of them; nil if one is elsewhere.
    private static func withoutUnderscores(_ text: String) -> String? {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            let startsWell = index == 0 || part.first?.isHexDigit == true
            let endsWell = index == parts.count - 1 || part.last?.isHexDigit == true
            guard startsWell, endsWell else { return nil }
        }
        return parts.joined()
    }

    /// `float(text)`; nil where Python raises.
    static func parsed(_ text: String) -> Double? {
        let stripped = PythonText.stripped(text, characters: nil)
        guard let plain = withoutUnderscores(stripped)?.lowercased() else { return nil }
        let magnitude = plain.first == "-" || plain.first == "+" ? plain.dropFirst() : plain[...]
        switch magnitude {
        case "inf", "infinity": return plain.first == "-" ? -.infinity : .infinity
        case "nan": return .nan
        default: break
        }
        guard magnitude.utf8.contains(where: { (0x30...0x39).contains($0) }),
            magnitude.utf8.allSatisfy({
                (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x65 || $0 == 0x2B || $0 == 0x2D
            })
        else { return nil }
        var padded = String(magnitude)
        if padded.first == "." { padded = "0" + padded }
        if padded.last == "." { padded += "0" }
        padded = padded.split(separator: ".e", maxSplits: 1).joined(separator: ".0e")
        return Double(padded).map { plain.first == "-" ? -$0 : $0 }
    }

    /// `int(text, base)`; nil where Python raises `ValueError`.
    static func integer(
        _ text: String, base: Int, _ failure: (String) -> TemplateError
    ) throws(TemplateError) -> Int? {
        guard base == 0 || (2...36) ~= base else { return nil }
        let stripped = PythonText.stripped(text, characters: nil)
        guard var digits = withoutUnderscores(stripped)?.lowercased()[...] else { return nil }
        let isNegative = digits.first == "-"
        if isNegative || digits.first == "+" { digits.removeFirst() }
        var radix = base == 0 ? 10 : base
        for (prefix, value) in [("0x", 16), ("0o", 8), ("0b", 2)]
        where digits.hasPrefix(prefix) && (base == 0 || base == value) {
            digits.removeFirst(2)
            radix = value
        }
        guard !digits.isEmpty, digits.first != "-", digits.first != "+" else { return nil }
        if let value = Int((isNegative ? "-" : "") + digits, radix: radix) { return value }
        let areDigits = digits.unicodeScalars.allSatisfy {
            PythonText.digitValue($0, radix: UInt32(radix)) != nil
        }
        guard !areDigits else { throw failure("an integer grew beyond 64 bits") }
        return nil
    }
}
