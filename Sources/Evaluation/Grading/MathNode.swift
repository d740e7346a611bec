/// An answer as it was meant: a tree whose depth the parser has limited.
indirect enum MathNode: Hashable, Sendable {
    case number(NumberLiteral)

    /// A variable, or one of the constants `pi`, `e`, `i` and `infty`.
    case symbol(String)

    case word(String)
    case sum([MathNode])
    case product([MathNode])
    case quotient(MathNode, MathNode)
    case power(MathNode, MathNode)
    case negative(MathNode)
    case root(index: MathNode, of: MathNode)
    case function(String, [MathNode])

    /// `+` in one reading and `-` in the other.
    case plusMinus(MathNode, startsPositive: Bool)

    case percent(MathNode)

    /// Digits with the base written as a subscript.
    case based(digits: NumberLiteral, base: Int)

    /// Elements in brackets that keep their order: a point, or an interval.
    case tuple(open: Unicode.Scalar, [MathNode], close: Unicode.Scalar)

    /// Elements without brackets, such as the solutions of an equation.
    case list([MathNode])

    case set([MathNode])
    case union([MathNode])
    case setOperation(Unicode.Scalar, MathNode, MathNode)
    case matrix([[MathNode]])

    /// A chain such as `a < b ≤ c`: one more side than signs.
    case relation(sides: [MathNode], signs: [Unicode.Scalar])

    /// The parts that a value is made of; none for what is not a value.
    var operands: [MathNode] {
        switch self {
        case .number, .symbol, .word, .based: []
        case .sum(let parts), .product(let parts), .function(_, let parts), .list(let parts),
            .set(let parts), .union(let parts), .tuple(_, let parts, _), .relation(let parts, _):
            parts
        case .quotient(let left, let right), .power(let left, let right),
            .root(let left, let right), .setOperation(_, let left, let right):
            [left, right]
        case .negative(let part), .plusMinus(let part, _), .percent(let part): [part]
        case .matrix(let rows): rows.flatMap { $0 }
        }
    }

    /// Whether the node or a part of it satisfies a condition.
    func contains(where condition: (MathNode) -> Bool) -> Bool {
        condition(self) || operands.contains { $0.contains(where: condition) }
    }

    /// Whether a number in it is written with digits behind the point.
    var hasDecimal: Bool {
        contains {
            guard case .number(let literal) = $0 else { return false }
            return literal.isDecimal
        }
    }

    /// Whether it stands for one number, free of variables.
    var isConstant: Bool {
        !contains {
            switch $0 {
            case .symbol(let name): !["pi", "e", "i"].contains(name)
            case .word, .tuple, .list, .set, .union, .setOperation, .matrix, .relation: true
            default: false
            }
        }
    }
}
