/// A decimal number as it is written, not rounded to a double.
struct Decimal: Sendable, Hashable {
    var isNegative: Bool
    /// Digits before the point; `[0]` for none.
    var whole: [UInt8]
    /// Digits behind it, without zeros at the end.
    var fraction: [UInt8]

    /// The number that is the shortest to name `value`.
    ///
    /// - Precondition: `value` is finite.
    init(_ value: Double) {
        // As "12.5", "1e-07", "1.25e+22".
        let parts = "\(value.magnitude)".split(separator: "e")
        let digits = parts[0].split(separator: ".")
        var (whole, fraction) = (Self.digits(digits[0]), Self.digits(digits.dropFirst().last ?? ""))
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        for _ in 0..<max(0, exponent) {
            whole.append(fraction.isEmpty ? 0 : fraction.removeFirst())
        }
        for _ in 0..<max(0, -exponent) { fraction.insert(whole.popLast() ?? 0, at: 0) }
        while whole.first == 0 { whole.removeFirst() }
        while fraction.last == 0 { fraction.removeLast() }
        isNegative = value < 0
        self.whole = whole.isEmpty ? [0] : whole
        self.fraction = fraction
    }

    private static func digits(_ text: some StringProtocol) -> [UInt8] {
        text.utf8.map { $0 - UInt8(ascii: "0") }
    }
}
