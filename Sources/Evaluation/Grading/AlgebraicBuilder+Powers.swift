/// Powers, roots and functions of exact values.
extension AlgebraicBuilder {
    mutating func power(
        _ base: AlgebraicForm, _ exponent: AlgebraicForm
    ) throws(MathFailure) -> AlgebraicForm {
        guard let rational = exponent.constant else { return try opaque("^", [base, exponent]) }
        if let whole = rational.integer {
            return try power(base, whole)
        }
        guard let top = Int(exactly: rational.numerator),
            let index = Int(exactly: rational.denominator)
        else { throw .inexact }
        return try power(try root(base, index: index), top)
    }

    private mutating func power(
        _ base: AlgebraicForm, _ exponent: Int
    ) throws(MathFailure) -> AlgebraicForm {
        if let constant = base.constant {
            guard !(constant.isZero && exponent <= 0) else { throw .undefined }
            return AlgebraicForm(try constant.raised(to: exponent))
        }
        guard exponent.magnitude <= 200 else { throw .inexact }
        var square = exponent < 0 ? try divide(AlgebraicForm(.one), by: base) : base
        var left = exponent.magnitude
        var result = AlgebraicForm(.one)
        while left > 0 {
            if left & 1 == 1 { result = try multiply(result, square) }
            left >>= 1
            if left > 0 { square = try multiply(square, square) }
        }
        return result
    }

    private mutating func root(
        _ radicand: AlgebraicForm, index: Int
    ) throws(MathFailure) -> AlgebraicForm {
        guard (2...64).contains(index) else { throw .inexact }
        guard let constant = radicand.constant else {
            return try opaque("root\(index)", [radicand])
        }
        guard !constant.isZero else { return AlgebraicForm(.zero) }
        // A root of a/b is the root of a·b^(n-1), over b.
        let lifted = try Rational(constant.denominator, over: 1).raised(to: index - 1)
        let whole = try Rational(constant.numerator, over: 1) * lifted
        var result = try rootOfWhole(whole.numerator.magnitude, index: index)
        if constant.numerator < 0 {
            if index == 2 {
                result = try multiply(result, try form(of: AtomTable.Atom.imaginary))
            } else if index % 2 == 1 {
                result = try multiply(result, AlgebraicForm(Rational(-1)))
            } else {
                throw .inexact
            }
        }
        let inverse = try Rational(1, over: constant.denominator)
        return try multiply(result, AlgebraicForm(inverse))
    }

    /// The positive root of a whole number: whole powers in front, roots of primes behind.
    private mutating func rootOfWhole(
        _ value: UInt128, index: Int
    ) throws(MathFailure) -> AlgebraicForm {
        var rest = value
        var result = AlgebraicForm(.one)
        var prime: UInt128 = 2
        while prime <= 1_000, prime * prime <= rest {
            try meter.spend(1)
            var count = 0
            while rest % prime == 0 {
                rest /= prime
                count += 1
            }
            result = try multiply(result, try rootOfPower(prime, count: count, index: index))
            prime += prime == 2 ? 1 : 2
        }
        if let exact = Self.exactRoot(rest, index: index) {
            return try multiply(result, AlgebraicForm(try Rational(Int128(exact), over: 1)))
        }
        return try multiply(result, try rootOfPower(rest, count: 1, index: index))
    }

    private mutating func rootOfPower(
        _ prime: UInt128, count: Int, index: Int
    ) throws(MathFailure) -> AlgebraicForm {
        guard let base = Int128(exactly: prime) else { throw .inexact }
        guard base > 1, count > 0 else { return AlgebraicForm(.one) }
        let whole = try Rational(base, over: 1).raised(to: count / index)
        var result = AlgebraicForm(whole)
        // Lowest terms, so that a fourth root of 4 is the square root of 2.
        var (top, bottom) = (count % index, index)
        while top != 0, let common = (2...7).first(where: { top % $0 == 0 && bottom % $0 == 0 }) {
            top /= common
            bottom /= common
        }
        for _ in 0..<top {
            result = try multiply(
                result, try form(of: AtomTable.Atom.root(of: base, index: bottom)))
        }
        return result
    }

    private static func exactRoot(_ value: UInt128, index: Int) -> UInt64? {
        var (low, high): (UInt64, UInt64) = (1, 1 << 63)
        func comparison(_ candidate: UInt64) -> Int {
            var power: UInt128 = 1
            for _ in 0..<index {
                let (product, overflow) = power.multipliedReportingOverflow(by: UInt128(candidate))
                if overflow || product > value { return 1 }
                power = product
            }
            return power == value ? 0 : -1
        }
        while low <= high {
            let middle = low + (high - low) / 2
            switch comparison(middle) {
            case 0: return middle
            case 1: high = middle - 1
            default: low = middle + 1
            }
        }
        return nil
    }

    mutating func function(
        _ name: String, of arguments: [AlgebraicForm]
    ) throws(MathFailure) -> AlgebraicForm {
        let constants = arguments.compactMap(\.constant)
        guard constants.count == arguments.count, let first = constants.first else {
            return try opaque(name, arguments)
        }
        switch name {
        case "abs" where first.numerator < 0: return AlgebraicForm(try -first)
        case "abs": return AlgebraicForm(first)
        case "factorial":
            guard let count = first.integer, (0...33).contains(count) else { throw .inexact }
            var product = Rational.one
            for factor in 0..<count { product = try product * Rational(factor + 1) }
            return AlgebraicForm(product)
        case "binom":
            guard let whole = first.integer, let part = constants.last?.integer,
                (0...10_000).contains(whole), (0...10_000).contains(part)
            else { throw .inexact }
            var product = Rational.one
            for step in 0..<min(part, max(whole - part, 0)) {
                try meter.spend(4)
                product = try product * (try Rational(Int128(whole - step), over: Int128(step + 1)))
            }
            return AlgebraicForm(part > whole ? .zero : product)
        case "floor", "ceil":
            let down = first.numerator / first.denominator
            let isBelow = first.numerator < 0 && !first.isInteger
            let floor = isBelow ? down - 1 : down
            let isRaised = name == "ceil" && !first.isInteger
            return AlgebraicForm(try Rational(isRaised ? floor + 1 : floor, over: 1))
        case "ln" where first == .one: return AlgebraicForm(.zero)
        default: return try opaque(name, arguments)
        }
    }

    private mutating func opaque(
        _ name: String, _ arguments: [AlgebraicForm]
    ) throws(MathFailure) -> AlgebraicForm {
        let texts = arguments.map { $0.description(atoms: atoms) }
        try meter.spend(texts.reduce(8) { $0 + $1.utf8.count / 8 })
        return try form(of: AtomTable.Atom.opaque(name + texts.joined(separator: ",")))
    }
}
