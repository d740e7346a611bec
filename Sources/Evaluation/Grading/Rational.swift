/// A fraction in lowest terms with a positive denominator.
///
/// Every operation that would leave 128 bits fails with `.inexact`, and the caller turns to
/// ``ResidueEvaluator``; so no result is ever wrong.
struct Rational: Hashable {
    let numerator: Int128
    let denominator: Int128

    static let zero = Rational(0)
    static let one = Rational(1)

    init(_ value: Int) {
        numerator = Int128(value)
        denominator = 1
    }

    init(_ numerator: Int128, over denominator: Int128) throws(MathFailure) {
        guard denominator != 0 else { throw .undefined }
        guard numerator != .min, denominator != .min else { throw .inexact }
        let divisor = Self.greatestCommonDivisor(numerator, denominator)
        let sign: Int128 = denominator < 0 ? -1 : 1
        self.numerator = numerator / divisor * sign
        self.denominator = denominator / divisor * sign
    }

    init(_ literal: NumberLiteral) throws(MathFailure) {
        guard literal.digits.count <= 38, abs(literal.scale) <= 38 else { throw .inexact }
        let whole = try Self.integer(literal.digits)
        var value =
            literal.scale >= 0
            ? try Rational(whole, over: try Self.powerOfTen(literal.scale))
            : try Rational(whole, over: 1) * Rational(try Self.powerOfTen(-literal.scale), over: 1)
        if !literal.repetend.isEmpty {
            let period = try Self.powerOfTen(literal.repetend.count) - 1
            let tail = try Rational(try Self.integer(literal.repetend), over: period)
            value = try value + tail * Rational(1, over: try Self.powerOfTen(literal.scale))
        }
        self = value
    }

    var isInteger: Bool { denominator == 1 }
    var isZero: Bool { numerator == 0 }
    var double: Double { Double(numerator) / Double(denominator) }

    /// The value where it is a whole number of machine size.
    var integer: Int? { isInteger ? Int(exactly: numerator) : nil }

    static prefix func - (value: Rational) throws(MathFailure) -> Rational {
        try Rational(-value.numerator, over: value.denominator)
    }

    static func + (left: Rational, right: Rational) throws(MathFailure) -> Rational {
        try Rational(
            try checked(
                try checked(left.numerator.multipliedReportingOverflow(by: right.denominator))
                    .addingReportingOverflow(
                        try checked(
                            right.numerator.multipliedReportingOverflow(by: left.denominator)))),
            over: try checked(left.denominator.multipliedReportingOverflow(by: right.denominator)))
    }

    static func * (left: Rational, right: Rational) throws(MathFailure) -> Rational {
        let first = try Rational(left.numerator, over: right.denominator)
        let second = try Rational(right.numerator, over: left.denominator)
        return try Rational(
            try checked(first.numerator.multipliedReportingOverflow(by: second.numerator)),
            over: try checked(
                first.denominator.multipliedReportingOverflow(by: second.denominator)))
    }

    func inverted() throws(MathFailure) -> Rational {
        try Rational(denominator, over: numerator)
    }

    /// The value to a whole power.
    func raised(to exponent: Int) throws(MathFailure) -> Rational {
        if self == .one { return self }
        var base = exponent < 0 ? try inverted() : self
        guard exponent.magnitude <= 1_000_000 else { throw .inexact }
        var left = exponent.magnitude
        var result = Rational.one
        while left > 0 {
            if left & 1 == 1 { result = try result * base }
            left >>= 1
            if left > 0 { base = try base * base }
        }
        return result
    }

    private static func checked(
        _ result: (partialValue: Int128, overflow: Bool)
    ) throws(MathFailure) -> Int128 {
        guard !result.overflow else { throw .inexact }
        return result.partialValue
    }

    private static func integer(_ digits: [UInt8]) throws(MathFailure) -> Int128 {
        var value: Int128 = 0
        for digit in digits {
            value = try checked(
                try checked(value.multipliedReportingOverflow(by: 10))
                    .addingReportingOverflow(Int128(digit) - 0x30))
        }
        return value
    }

    private static func powerOfTen(_ exponent: Int) throws(MathFailure) -> Int128 {
        guard (0...38).contains(exponent) else { throw .inexact }
        return (0..<exponent).reduce(Int128(1)) { power, _ in power * 10 }
    }

    private static func greatestCommonDivisor(_ left: Int128, _ right: Int128) -> Int128 {
        var (a, b) = (abs(left), abs(right))
        if a == 1 || b == 1 { return 1 }
        while b > Int128(Int64.max) {
            (a, b) = (b, a % b)
        }
        guard b != 0 else { return max(a, 1) }
        // The rest in words of the machine, whose divisions are several times as fast.
        var (c, d) = (Int64(truncatingIfNeeded: b), Int64(truncatingIfNeeded: a % b))
        while d != 0 {
            (c, d) = (d, c % d)
        }
        return Int128(c)
    }
}
