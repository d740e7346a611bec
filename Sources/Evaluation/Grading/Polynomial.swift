/// A sum of rational multiples of products of atoms, in canonical order.
struct Polynomial: Hashable {
    struct Factor: Hashable {
        let atom: Int
        var exponent: Int
    }

    struct Term: Hashable {
        var coefficient: Rational

        /// Factors by ascending atom, each exponent positive.
        var factors: [Factor]
    }

    /// Terms by ascending factors, no coefficient zero.
    let terms: [Term]

    static let zero = Polynomial(terms: [])
    static let one = Polynomial(.one)

    /// Most terms of any polynomial, beyond which arithmetic gives up.
    static let maximumTermCount = 200

    private init(terms: [Term]) {
        self.terms = terms
    }

    init(_ constant: Rational) {
        terms = constant.isZero ? [] : [Term(coefficient: constant, factors: [])]
    }

    init(atom: Int) {
        terms = [Term(coefficient: .one, factors: [Factor(atom: atom, exponent: 1)])]
    }

    var isZero: Bool { terms.isEmpty }

    /// The value where no atom is left.
    var constant: Rational? {
        if terms.isEmpty { return .zero }
        return terms.count == 1 && terms[0].factors.isEmpty ? terms[0].coefficient : nil
    }

    func sum(_ other: Polynomial, meter: inout WorkMeter) throws(MathFailure) -> Polynomial {
        try Self.collected(terms + other.terms, meter: &meter)
    }

    func scaled(by factor: Rational) throws(MathFailure) -> Polynomial {
        guard !factor.isZero else { return .zero }
        var scaled: [Term] = []
        for term in terms {
            scaled.append(
                Term(coefficient: try term.coefficient * factor, factors: term.factors))
        }
        return Polynomial(terms: scaled)
    }

    func product(
        _ other: Polynomial, atoms: AtomTable, meter: inout WorkMeter
    ) throws(MathFailure) -> Polynomial {
        // A term costs a merge of factors and a product of reduced fractions: a dozen plain steps.
        try meter.spend(terms.count * other.terms.count * 12)
        guard terms.count * other.terms.count <= 4_000 else { throw .inexact }
        var products: [Term] = []
        products.reserveCapacity(terms.count * other.terms.count)
        for left in terms {
            for right in other.terms {
                products.append(try Self.product(left, right, atoms: atoms))
            }
        }
        return try Self.collected(products, meter: &meter)
    }

    private static func product(
        _ left: Term, _ right: Term, atoms: AtomTable
    ) throws(MathFailure) -> Term {
        var coefficient = try left.coefficient * right.coefficient
        var factors: [Factor] = []
        var (i, j) = (0, 0)
        while i < left.factors.count || j < right.factors.count {
            var factor: Factor
            if j == right.factors.count
                || (i < left.factors.count && left.factors[i].atom < right.factors[j].atom)
            {
                factor = left.factors[i]
                i += 1
            } else if i == left.factors.count || right.factors[j].atom < left.factors[i].atom {
                factor = right.factors[j]
                j += 1
            } else {
                factor = left.factors[i]
                factor.exponent += right.factors[j].exponent
                i += 1
                j += 1
            }
            guard factor.exponent <= 10_000 else { throw .inexact }
            let extracted = try reduce(&factor, atoms: atoms)
            coefficient = try coefficient * extracted
            if factor.exponent > 0 { factors.append(factor) }
        }
        return Term(coefficient: coefficient, factors: factors)
    }

    /// Takes whole powers out of a power of a root or of the imaginary unit.
    private static func reduce(
        _ factor: inout Factor, atoms: AtomTable
    ) throws(MathFailure) -> Rational {
        switch atoms.atoms[factor.atom] {
        case .free, .opaque: return .one
        case .imaginary:
            let isNegative = factor.exponent % 4 >= 2
            factor.exponent %= 2
            return Rational(isNegative ? -1 : 1)
        case .root(let radicand, let index):
            let whole = factor.exponent / index
            factor.exponent %= index
            return try Rational(radicand, over: 1).raised(to: whole)
        }
    }

    /// Sorts terms and adds those with equal factors.
    private static func collected(
        _ terms: [Term], meter: inout WorkMeter
    ) throws(MathFailure) -> Polynomial {
        try meter.spend(terms.count * 4)
        let sorted = terms.sorted { precedes($0.factors, $1.factors) }
        var result: [Term] = []
        for term in sorted {
            if let last = result.last, last.factors == term.factors {
                let sum = try last.coefficient + term.coefficient
                result[result.count - 1].coefficient = sum
            } else {
                if result.last?.coefficient.isZero == true { result.removeLast() }
                result.append(term)
            }
        }
        if result.last?.coefficient.isZero == true { result.removeLast() }
        guard result.count <= maximumTermCount else { throw .inexact }
        return Polynomial(terms: result)
    }

    private static func precedes(_ left: [Factor], _ right: [Factor]) -> Bool {
        for (a, b) in zip(left, right) where a != b {
            return (a.atom, a.exponent) < (b.atom, b.exponent)
        }
        return left.count < right.count
    }
}
