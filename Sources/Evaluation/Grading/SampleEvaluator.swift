import Foundation

/// Values of trees at seeded sample points.
///
/// Points are of both signs, so that |x| is not x, and lie between 1/4 and 4 in magnitude, where
/// neither powers nor logarithms lose digits.
struct SampleEvaluator {
    static let pointCount = 6

    let point: Int
    var meter: WorkMeter

    mutating func value(of node: MathNode) throws(MathFailure) -> ComplexNumber {
        try meter.spend(1)
        switch node {
        case .number(let literal): return try Self.value(of: literal)
        case .symbol(let name): return try symbol(name)
        case .sum(let terms):
            var sum = ComplexNumber(0)
            for term in terms { sum = sum + (try value(of: term)) }
            return sum
        case .product(let factors):
            var product = ComplexNumber(1)
            for factor in factors { product = product * (try value(of: factor)) }
            return product
        case .quotient(let above, let below): return try value(of: above) / (try value(of: below))
        case .negative(let part): return ComplexNumber(0) - (try value(of: part))
        case .percent(let part): return try value(of: part) / ComplexNumber(100)
        case .power(let base, let exponent):
            return try value(of: base).raised(to: try value(of: exponent))
        case .root(let index, let radicand):
            return Self.root(try value(of: radicand), index: try value(of: index))
        case .function(let name, let arguments):
            var values: [ComplexNumber] = []
            for argument in arguments { values.append(try value(of: argument)) }
            return try Self.function(name, of: values)
        case .word, .plusMinus, .based, .tuple, .list, .set, .union, .setOperation, .matrix,
            .relation:
            throw .undefined
        }
    }

    private func symbol(_ name: String) throws(MathFailure) -> ComplexNumber {
        switch name {
        case "pi": return ComplexNumber(.pi)
        case "e": return ComplexNumber(Foundation.exp(1))
        case "i": return ComplexNumber(0, 1)
        default: break
        }
        var mixed = UInt64(truncatingIfNeeded: point) &* 0x9E37_79B9_7F4A_7C15
        for byte in name.utf8 {
            mixed = (mixed ^ UInt64(byte)) &* 0xBF58_476D_1CE4_E5B9
            mixed ^= mixed >> 29
        }
        mixed = (mixed ^ (mixed >> 32)) &* 0x94D0_49BB_1331_11EB
        let fraction = Double((mixed ^ (mixed >> 31)) >> 11) / Double(1 << 53)
        let size = 0.25 + 3.5 * fraction
        // The first points are positive: a logarithm or a real power may need it.
        return ComplexNumber(point >= 2 && mixed & 1 == 1 ? -size : size)
    }

    private static func value(of literal: NumberLiteral) throws(MathFailure) -> ComplexNumber {
        let text = String(decoding: literal.digits + literal.repetend, as: UTF8.self)
        let scale = literal.scale + literal.repetend.count
        guard !literal.repetend.isEmpty else {
            return ComplexNumber(Double("\(text.isEmpty ? "0" : text)e\(-scale)") ?? .nan)
        }
        do {
            return ComplexNumber(try Rational(literal).double)
        } catch {
            throw .inexact
        }
    }

    private static func root(_ radicand: ComplexNumber, index: ComplexNumber) -> ComplexNumber {
        let isOdd = index.imaginary == 0 && abs(index.real.remainder(dividingBy: 2)) == 1
        if isOdd, radicand.imaginary == 0, radicand.real < 0 {
            return ComplexNumber(-Foundation.pow(-radicand.real, 1 / index.real))
        }
        if index.real == 2, radicand.imaginary == 0 {
            let size = abs(radicand.real).squareRoot()
            return radicand.real < 0 ? ComplexNumber(0, size) : ComplexNumber(size)
        }
        return radicand.raised(to: ComplexNumber(1) / index)
    }

    private static func function(
        _ name: String, of arguments: [ComplexNumber]
    ) throws(MathFailure) -> ComplexNumber {
        guard let first = arguments.first else { throw .undefined }
        switch name {
        case "sin": return first.sine
        case "cos": return first.cosine
        case "tan": return first.sine / first.cosine
        case "cot": return first.cosine / first.sine
        case "sec": return ComplexNumber(1) / first.cosine
        case "csc": return ComplexNumber(1) / first.sine
        case "sinh": return (first.exponential - opposite(first).exponential) / ComplexNumber(2)
        case "cosh": return (first.exponential + opposite(first).exponential) / ComplexNumber(2)
        case "tanh":
            let (up, down) = (first.exponential, opposite(first).exponential)
            return (up - down) / (up + down)
        case "exp": return first.exponential
        case "ln": return first.logarithm
        case "log": return first.logarithm
        case "abs": return ComplexNumber(first.magnitude)
        default: return ComplexNumber(try realFunction(name, of: arguments))
        }
    }

    private static func opposite(_ value: ComplexNumber) -> ComplexNumber {
        ComplexNumber(0) - value
    }

    private static func realFunction(
        _ name: String, of arguments: [ComplexNumber]
    ) throws(MathFailure) -> Double {
        guard let first = arguments.first, arguments.allSatisfy({ $0.imaginary == 0 }) else {
            throw .undefined
        }
        switch name {
        case "arcsin": return Foundation.asin(first.real)
        case "arccos": return Foundation.acos(first.real)
        case "arctan": return Foundation.atan(first.real)
        case "floor": return first.real.rounded(.down)
        case "ceil": return first.real.rounded(.up)
        case "factorial": return Foundation.tgamma(first.real + 1)
        case "binom":
            guard let second = arguments.last, arguments.count == 2 else { throw .undefined }
            return Foundation.tgamma(first.real + 1)
                / (Foundation.tgamma(second.real + 1)
                    * Foundation.tgamma(first.real - second.real + 1))
        default: throw .undefined
        }
    }
}
