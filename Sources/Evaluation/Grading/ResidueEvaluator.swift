/// Values of rational expressions modulo a prime, with seeded residues for the variables.
///
/// Decides what does not fit into 128 bits, such as 2^100 against 2^100 - 1 or an expanded power
/// of twenty: two different values agree modulo a prime near 2^61 with a probability below 1e-14.
struct ResidueEvaluator {
    /// Two of the largest primes below 2^61.
    static let primes: [UInt64] = [(1 << 61) - 1, (1 << 61) - 31]

    let prime: UInt64
    var meter: WorkMeter

    mutating func value(of node: MathNode) throws(MathFailure) -> UInt64 {
        try meter.spend(1)
        switch node {
        case .number(let literal): return try value(of: literal)
        case .symbol("i"): throw .inexact
        case .symbol(let name): return residue(of: name)
        case .sum(let terms):
            var sum: UInt64 = 0
            for term in terms { sum = (sum + (try value(of: term))) % prime }
            return sum
        case .product(let factors):
            var product: UInt64 = 1
            for factor in factors { product = multiply(product, try value(of: factor)) }
            return product
        case .quotient(let above, let below):
            return multiply(try value(of: above), try inverse(of: try value(of: below)))
        case .negative(let part): return (prime - (try value(of: part))) % prime
        case .percent(let part): return multiply(try value(of: part), try inverse(of: 100))
        case .power(let base, let exponent):
            let whole = try wholeNumber(exponent)
            let power = raise(try value(of: base), to: whole.magnitude)
            return whole < 0 ? try inverse(of: power) : power
        case .function("factorial", let arguments) where arguments.count == 1:
            let count = try wholeNumber(arguments[0])
            guard (0...5_000).contains(count) else { throw .inexact }
            try meter.spend(count)
            return (0..<UInt64(count)).reduce(1) { multiply($0, $1 + 1) }
        default: throw .inexact
        }
    }

    private mutating func wholeNumber(_ node: MathNode) throws(MathFailure) -> Int {
        var builder = AlgebraicBuilder(meter: meter)
        let form = try builder.form(of: node)
        meter = builder.meter
        guard let whole = form.constant?.integer, whole.magnitude < 1 << 53 else {
            throw .inexact
        }
        return whole
    }

    private mutating func value(of literal: NumberLiteral) throws(MathFailure) -> UInt64 {
        guard literal.repetend.isEmpty else { throw .inexact }
        try meter.spend(literal.digits.count)
        let digits = literal.digits.reduce(UInt64(0)) {
            (multiply($0, 10) + UInt64($1 - 0x30)) % prime
        }
        let power = raise(10, to: literal.scale.magnitude)
        return multiply(digits, literal.scale > 0 ? try inverse(of: power) : power)
    }

    /// The residue that stands for a variable (FNV-1a of its name).
    private func residue(of name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } % prime
    }

    private func multiply(_ left: UInt64, _ right: UInt64) -> UInt64 {
        prime.dividingFullWidth(left.multipliedFullWidth(by: right)).remainder
    }

    private func raise(_ base: UInt64, to exponent: UInt) -> UInt64 {
        var (square, left, result) = (base, exponent, UInt64(1))
        while left > 0 {
            if left & 1 == 1 { result = multiply(result, square) }
            square = multiply(square, square)
            left >>= 1
        }
        return result
    }

    private func inverse(of value: UInt64) throws(MathFailure) -> UInt64 {
        guard value != 0 else { throw .inexact }
        return raise(value, to: UInt(prime - 2))
    }
}
