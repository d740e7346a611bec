/// A number as written: `digits · 10^(-scale)`, with digits that may repeat after the last one.
///
/// Digits stay text, because answers may be longer than any integer type.
struct NumberLiteral: Hashable, Sendable {
    /// Decimal digits without leading zeros; empty is zero.
    let digits: [UInt8]

    /// How many of the digits stand behind the point; negative after a scientific exponent.
    let scale: Int

    /// The digits under a bar, as in 0.1\overline{6}.
    let repetend: [UInt8]

    /// Whether it is written as a rounded value may be: with digits behind the point.
    var isDecimal: Bool { scale > 0 && repetend.isEmpty }

    /// Reads a number; zeros that do not matter are dropped, so that equal texts are equal values.
    init(whole: [UInt8], fraction: [UInt8] = [], exponent: Int = 0, repetend: [UInt8] = []) {
        var digits = whole + fraction
        var scale = fraction.count - exponent
        if repetend.isEmpty {
            while scale > 0, digits.last == 0x30 {
                digits.removeLast()
                scale -= 1
            }
        }
        digits = Array(digits.drop { $0 == 0x30 })
        if digits.isEmpty, repetend.isEmpty {
            scale = 0
        }
        self.digits = digits
        self.scale = scale
        self.repetend = repetend
    }
}
