/// An exact value: a quotient of two polynomials.
///
/// Two of them are equal when their cross products are; the quotient itself is not reduced, which
/// spares a multivariate greatest common divisor.
struct AlgebraicForm: Hashable {
    let numerator: Polynomial
    let denominator: Polynomial

    init(_ numerator: Polynomial, over denominator: Polynomial = .one) throws(MathFailure) {
        guard !denominator.isZero else { throw .undefined }
        if numerator.isZero {
            self.numerator = .zero
            self.denominator = .one
        } else {
            // The first coefficient below becomes one, so that equal quotients often look equal.
            let scale = try denominator.terms[0].coefficient.inverted()
            self.numerator = try numerator.scaled(by: scale)
            self.denominator = try denominator.scaled(by: scale)
        }
    }

    init(_ constant: Rational) {
        numerator = Polynomial(constant)
        denominator = .one
    }

    /// The value where it is a rational number.
    var constant: Rational? {
        denominator == .one ? numerator.constant : nil
    }

    /// A text that only equal values share.
    func description(atoms: AtomTable) -> String {
        func text(_ polynomial: Polynomial) -> String {
            polynomial.terms.map { term in
                let factors = term.factors.map { "\($0.atom)^\($0.exponent)" }
                return "\(term.coefficient.numerator)/\(term.coefficient.denominator)*"
                    + factors.joined(separator: "*")
            }.joined(separator: "+")
        }
        return "(\(text(numerator)))/(\(text(denominator)))"
    }
}
