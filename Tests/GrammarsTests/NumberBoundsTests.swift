import TestSupport
import Testing

@testable import Grammars

/// Laws of bounds and divisors of numbers.
@Suite struct NumberBoundsTests {
    /// A decimal of so many thousandths, as JSON writes it.
    private static func text(_ thousandths: Int) -> String {
        let magnitude = thousandths.magnitude
        var fraction = "\(magnitude % 1000 + 1000)".dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return (thousandths < 0 ? "-" : "") + "\(magnitude / 1000)"
            + (fraction.isEmpty ? "" : ".\(fraction)")
    }

    @Test(arguments: 0..<60)
    func `a number is allowed if it is within its bounds and a multiple`(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        func thousandths(_ range: ClosedRange<Int>) -> Int {
            // Round ones as often as others.
            let unit = [1, 10, 250, 1000].randomElement(using: &generator) ?? 1
            return .random(in: range, using: &generator) / unit * unit
        }
        let low = thousandths(-20_000...20_000)
        let high = low + thousandths(0...30_000)
        let step = [1, 3, 10, 70, 125, 250, 500, 1000, 7000].randomElement(using: &generator) ?? 1
        var bounds = NumberBounds(isInteger: Bool.random(using: &generator))
        let (open, shut, divides) = (
            Bool.random(using: &generator), Bool.random(using: &generator),
            Bool.random(using: &generator)
        )
        if open {
            bounds.exclusiveMinimum = Double(low) / 1000
        } else {
            bounds.minimum = Double(low) / 1000
        }
        if shut {
            bounds.exclusiveMaximum = Double(high) / 1000
        } else {
            bounds.maximum = Double(high) / 1000
        }
        if divides { bounds.multipleOf = Double(step) / 1000 }
        var allowance = TextAutomaton.Allowance()
        let automaton = try TextAutomaton(numbers: bounds, paidBy: &allowance)
        var candidates = [low - 1, low, low + 1, high - 1, high, high + 1, 0, 1, -1]
        for _ in 0..<40 {
            candidates.append(.random(in: low - 3000...high + 3000, using: &generator))
            candidates.append(.random(in: -12...12, using: &generator) * step)
            candidates.append(.random(in: -30...30, using: &generator) * 1000)
        }
        for number in candidates {
            let isWithin =
                (open ? number > low : number >= low) && (shut ? number < high : number <= high)
            let isAllowed =
                isWithin && (!divides || number % step == 0)
                && (!bounds.isInteger || number % 1000 == 0)
            #expect(
                automaton.accepts(Self.text(number)) == isAllowed,
                "\(Self.text(number)) \(bounds)")
        }
        for _ in 0..<20 {
            guard
                let drawn = automaton.draw(
                    from: Array("-.0123456789".unicodeScalars), using: &generator)
            else { continue }
            // What reads doubles agrees, however many digits there are.
            let value = try #require(Double(drawn))
            #expect(value >= Double(low) / 1000 && value <= Double(high) / 1000, "\(drawn)")
            #expect(!open || value > Double(low) / 1000)
            #expect(!shut || value < Double(high) / 1000)
        }
    }

    @Test(arguments: [
        ("0", true), ("5", true), ("5.0", true), ("5.25", true), ("0.000000000000001", true),
        ("-0", false), ("-0.0", false), ("00", false), ("05", false), ("5.", false), (".5", false),
        ("1e0", false), ("+5", false), ("-", false), ("", false), ("10.000000000001", false),
        ("10", true), ("10.0", true), ("1234567890123456", false),
    ])
    func `numbers are written as JSON has them, without exponents`(
        text: String, isAllowed: Bool
    ) throws {
        var bounds = NumberBounds(isInteger: false)
        (bounds.minimum, bounds.maximum) = (0, 10)
        var allowance = TextAutomaton.Allowance()
        let automaton = try TextAutomaton(numbers: bounds, paidBy: &allowance)
        #expect(automaton.accepts(text) == isAllowed)
    }

    @Test(arguments: [1e-300, 1e-7, 0.1, 0.30000000000000004, 3, 1e14, 1e15, 1e21, 1.5e300])
    func `bounds of any size hold on both sides of zero`(bound: Double) throws {
        var generator = SeededGenerator(seed: 1)
        for sign in [1.0, -1.0] {
            var bounds = NumberBounds(isInteger: false)
            bounds.exclusiveMinimum = min(sign * bound, 0)
            bounds.exclusiveMaximum = max(sign * bound, 0)
            var allowance = TextAutomaton.Allowance()
            let automaton = try TextAutomaton(numbers: bounds, paidBy: &allowance)
            #expect(automaton.isEmpty == (bound < 1e-15))
            for _ in 0..<50 {
                let drawn = automaton.draw(
                    from: Array("-.0123456789".unicodeScalars), using: &generator)
                guard let drawn, let value = Double(drawn) else { continue }
                #expect(value * sign > 0 && value * sign < bound, "\(drawn)")
            }
        }
    }

    @Test func `a divisor with too many remainders is refused, one too long as well`() {
        for step in [1e9 + 7, 123_456.789, 1e300, 1e-300] {
            var bounds = NumberBounds(isInteger: false)
            bounds.multipleOf = step
            var allowance = TextAutomaton.Allowance()
            #expect(throws: TextAutomaton.Failure.tooLarge) {
                try TextAutomaton(numbers: bounds, paidBy: &allowance)
            }
        }
    }
}
