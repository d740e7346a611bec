/// Turns trees into exact values, as far as exact arithmetic reaches.
struct AlgebraicBuilder {
    private(set) var atoms = AtomTable()
    var meter: WorkMeter

    init(meter: WorkMeter) {
        self.meter = meter
    }

    mutating func form(of node: MathNode) throws(MathFailure) -> AlgebraicForm {
        try meter.spend(1)
        switch node {
        case .number(let literal): return AlgebraicForm(try Rational(literal))
        case .symbol("i"): return try form(of: AtomTable.Atom.imaginary)
        case .symbol(let name): return try form(of: AtomTable.Atom.free(name))
        case .sum(let terms):
            var sum = AlgebraicForm(.zero)
            for term in terms { sum = try add(sum, try form(of: term)) }
            return sum
        case .product(let factors):
            var product = AlgebraicForm(.one)
            for factor in factors { product = try multiply(product, try form(of: factor)) }
            return product
        case .quotient(let above, let below):
            return try divide(try form(of: above), by: try form(of: below))
        case .negative(let part):
            return try multiply(AlgebraicForm(Rational(-1)), try form(of: part))
        case .percent(let part):
            let hundredth = try Rational(1, over: 100)
            return try multiply(AlgebraicForm(hundredth), try form(of: part))
        case .power(let base, let exponent):
            return try power(try form(of: base), try form(of: exponent))
        case .root(let index, let radicand):
            let exponent = try divide(AlgebraicForm(.one), by: try form(of: index))
            return try power(try form(of: radicand), exponent)
        case .function(let name, let arguments):
            var forms: [AlgebraicForm] = []
            for argument in arguments { forms.append(try form(of: argument)) }
            return try function(name, of: forms)
        case .word, .plusMinus, .based, .tuple, .list, .set, .union, .setOperation, .matrix,
            .relation:
            throw .undefined
        }
    }

    /// Whether two exact values are equal; nil where that hangs on relations not known here.
    mutating func areEqual(_ left: AlgebraicForm, _ right: AlgebraicForm) throws(MathFailure)
        -> Bool?
    {
        let first = try left.numerator.product(right.denominator, atoms: atoms, meter: &meter)
        let second = try right.numerator.product(left.denominator, atoms: atoms, meter: &meter)
        if first == second { return true }
        return atoms.hasHiddenRelations ? nil : false
    }

    /// Whether one numerator is a rational multiple of the other; nil as in ``areEqual(_:_:)``.
    func areProportional(_ left: AlgebraicForm, _ right: AlgebraicForm) throws(MathFailure)
        -> Bool?
    {
        guard let first = left.numerator.terms.first, let second = right.numerator.terms.first
        else { return left.numerator.isZero && right.numerator.isZero }
        let ratio = try second.coefficient * (try first.coefficient.inverted())
        if try left.numerator.scaled(by: ratio) == right.numerator { return true }
        return atoms.hasHiddenRelations ? nil : false
    }

    // MARK: Arithmetic

    mutating func form(of atom: AtomTable.Atom) throws(MathFailure) -> AlgebraicForm {
        try AlgebraicForm(Polynomial(atom: atoms.number(of: atom)))
    }

    mutating func add(_ left: AlgebraicForm, _ right: AlgebraicForm) throws(MathFailure)
        -> AlgebraicForm
    {
        if left.denominator == right.denominator {
            return try AlgebraicForm(
                try left.numerator.sum(right.numerator, meter: &meter), over: left.denominator)
        }
        let first = try left.numerator.product(right.denominator, atoms: atoms, meter: &meter)
        let second = try right.numerator.product(left.denominator, atoms: atoms, meter: &meter)
        return try AlgebraicForm(
            try first.sum(second, meter: &meter),
            over: try left.denominator.product(right.denominator, atoms: atoms, meter: &meter))
    }

    mutating func multiply(_ left: AlgebraicForm, _ right: AlgebraicForm) throws(MathFailure)
        -> AlgebraicForm
    {
        try AlgebraicForm(
            try left.numerator.product(right.numerator, atoms: atoms, meter: &meter),
            over: try left.denominator.product(right.denominator, atoms: atoms, meter: &meter))
    }

    mutating func divide(_ left: AlgebraicForm, by right: AlgebraicForm) throws(MathFailure)
        -> AlgebraicForm
    {
        guard !right.numerator.isZero else { throw .undefined }
        return try multiply(
            left, try AlgebraicForm(right.denominator, over: right.numerator))
    }
}
