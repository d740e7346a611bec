/// Numbers with their separators of thousands, scientific exponents and repeating digits.
extension MathLexer {
    private mutating func digits() -> [UInt8] {
        let start = index
        while isDigit(at: index) { index += 1 }
        return text[start..<index].map { UInt8(truncatingIfNeeded: $0.value) }
    }

    mutating func readNumber() {
        var whole = digits()
        if (1...3).contains(whole.count) {
            while let length = thousandsSeparator() {
                index += length
                whole += digits()
            }
        }
        var fraction: [UInt8] = []
        var repetend: [UInt8] = []
        if scalar(at: 0) == ".", isDigit(at: index + 1) || isOverline(at: index + 1) {
            index += 1
            fraction = digits()
            if isOverline(at: index) {
                repetend = readOverline()
            }
        }
        var exponent = 0
        if scalar(at: 0) == "e" || scalar(at: 0) == "E" {
            exponent = readExponent()
        }
        emit(
            .number(
                NumberLiteral(
                    whole: whole, fraction: fraction, exponent: exponent, repetend: repetend)))
    }

    /// The length of a separator that groups the three digits behind it with those before.
    private func thousandsSeparator() -> Int? {
        var position = index
        func skip(_ spelling: String) -> Bool {
            guard text[position...].starts(with: spelling.unicodeScalars) else { return false }
            position += spelling.unicodeScalars.count
            return true
        }
        var isCertain = skip("{,}") || skip("\\,") || skip("\\ ")
        if !isCertain {
            guard skip(",") else { return nil }
            while skip("\\!") || (isCertain && skip(" ")) { isCertain = true }
        }
        // Within brackets a bare comma separates coordinates.
        guard isCertain || bracketDepth <= 0 else { return nil }
        let isGroup = (0..<3).allSatisfy { isDigit(at: position + $0) }
        guard isGroup, !isDigit(at: position + 3) else { return nil }
        return position - index
    }

    private mutating func readExponent() -> Int {
        let signLength = scalar(at: 1) == "-" || scalar(at: 1) == "+" ? 1 : 0
        guard isDigit(at: index + 1 + signLength) else { return 0 }
        let isNegative = scalar(at: 1) == "-"
        index += 1 + signLength
        // More than five digits is out of any range, whatever they are.
        let size = digits().prefix(5).reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return isNegative ? -size : size
    }

    func isOverline(at position: Int) -> Bool {
        guard position < text.count else { return false }
        let spelling = "\\overline{".unicodeScalars
        guard text[position...].starts(with: spelling) else { return false }
        var end = position + spelling.count
        guard isDigit(at: end) else { return false }
        while isDigit(at: end) { end += 1 }
        return end < text.count && text[end] == "}"
    }

    private mutating func readOverline() -> [UInt8] {
        index += "\\overline{".unicodeScalars.count
        let repetend = digits()
        index += 1
        return repetend
    }
}
