/// The shapes that the same answer may be written in.
enum AnswerShape {
    /// The node without what only names it: memberships, single elements, both readings of ±.
    static func resolved(_ node: MathNode) -> MathNode {
        switch node {
        case .relation(let sides, let signs) where signs == ["∈"] && sides.count == 2:
            return resolved(sides[1])
        case .list(let parts): return .list(parts.flatMap(readings))
        case .set(let parts):
            let elements = parts.flatMap(readings)
            // A set of one value is that value, as both name the only solution.
            guard elements.count == 1, !isCollection(elements[0]) else { return .set(elements) }
            return elements[0]
        case .symbol("\\mathbb{R}"): return realLine
        case .setOperation("∖", .symbol("\\mathbb{R}"), .set(let parts)) where parts.count == 1:
            return everything(but: parts[0])
        case .product(let factors): return scaledMatrix(factors) ?? single(node)
        case .negative(.matrix(let rows)): return .matrix(rows.map { $0.map { .negative($0) } })
        case .matrix(let rows) where rows.count == 1 && rows[0].count == 1: return rows[0][0]
        case .relation(let sides, let signs):
            let both = signs == ["="] ? sides.last.map(readings) ?? [] : []
            guard both.count == 2 else { return node }
            return .list(both)
        case .tuple, .union, .setOperation, .matrix, .word, .based: return node
        default: return single(node)
        }
    }

    /// All numbers but one, as a union of two intervals.
    private static func everything(but value: MathNode) -> MathNode {
        .union([
            .tuple(open: "(", [.negative(infinity), value], close: ")"),
            .tuple(open: "(", [value, infinity], close: ")"),
        ])
    }

    private static func single(_ node: MathNode) -> MathNode {
        let both = readings(of: node)
        return both.count == 1 ? both[0] : .list(both)
    }

    /// A matrix times numbers, multiplied out.
    private static func scaledMatrix(_ factors: [MathNode]) -> MathNode? {
        var rows: [[MathNode]]?
        var scale: [MathNode] = []
        for factor in factors {
            guard case .matrix(let found) = factor else {
                scale.append(factor)
                continue
            }
            guard rows == nil else { return nil }
            rows = found
        }
        return rows.map { .matrix($0.map { $0.map { .product(scale + [$0]) } }) }
    }

    /// Whether parts such as `x < -1` and `x > 1` describe a union of intervals.
    static func areRelations(_ parts: [MathNode]) -> Bool {
        parts.allSatisfy { interval(of: $0) != nil }
    }

    /// Whether the node is something else than one value or name.
    static func isCollection(_ node: MathNode) -> Bool {
        switch node {
        case .tuple, .list, .set, .union, .setOperation, .matrix: true
        default: false
        }
    }

    /// The operand of a percentage, its sign kept.
    static func withoutPercent(_ node: MathNode) -> MathNode? {
        switch node {
        case .percent(let part): part
        case .negative(.percent(let part)): .negative(part)
        default: nil
        }
    }

    // MARK: Both readings of ±

    private static func readings(of node: MathNode) -> [MathNode] {
        let isDouble = node.contains {
            guard case .plusMinus = $0 else { return false }
            return true
        }
        guard isDouble, !isCollection(node) else { return [node] }
        return [reading(of: node, isUpper: true), reading(of: node, isUpper: false)]
    }

    private static func reading(of node: MathNode, isUpper: Bool) -> MathNode {
        let read = { (part: MathNode) in reading(of: part, isUpper: isUpper) }
        return switch node {
        case .plusMinus(let part, let startsPositive):
            startsPositive == isUpper ? read(part) : .negative(read(part))
        case .sum(let parts): .sum(parts.map(read))
        case .product(let parts): .product(parts.map(read))
        case .quotient(let above, let below): .quotient(read(above), read(below))
        case .power(let base, let exponent): .power(read(base), read(exponent))
        case .negative(let part): .negative(read(part))
        case .root(let index, let part): .root(index: index, of: read(part))
        case .function(let name, let parts): .function(name, parts.map(read))
        case .percent(let part): .percent(read(part))
        case .relation(let sides, let signs): .relation(sides: sides.map(read), signs: signs)
        default: node
        }
    }

    // MARK: Relations

    private static let infinity = MathNode.symbol("infty")

    private static let realLine = MathNode.tuple(
        open: "(", [.negative(infinity), infinity], close: ")")

    private static func isName(_ node: MathNode) -> Bool {
        switch node {
        case .symbol(let name): !["pi", "e", "i", "infty"].contains(name)
        case .word: true
        case .product(let parts): parts.count <= 4 && parts.allSatisfy(isName)
        case .tuple(_, let parts, _): parts.count <= 4 && parts.allSatisfy(isName)
        case .power(.symbol, .negative(.number)): true
        default: false
        }
    }

    /// What a name is said to be equal to.
    static func namedValue(of node: MathNode) -> MathNode? {
        guard case .relation(let sides, let signs) = node, signs.allSatisfy({ $0 == "=" }),
            let first = sides.first, let last = sides.last
        else { return nil }
        if isName(first) { return last }
        return isName(last) ? first : nil
    }

    /// The value or interval that a relation amounts to.
    static func solution(of node: MathNode) -> MathNode? {
        if let value = namedValue(of: node) { return value }
        if let interval = interval(of: node) { return interval }
        guard case .relation(let sides, let signs) = node else { return nil }
        if signs == ["≠"], isName(sides[0]), isFree(of: sides[1]) {
            return everything(but: sides[1])
        }
        guard signs.allSatisfy({ $0 == "=" }), sides.allSatisfy(\.isConstant) else { return nil }
        return sides.last
    }

    /// A chain of inequalities with its signs turned to point upwards.
    static func ascending(
        _ sides: [MathNode], _ signs: [Unicode.Scalar]
    ) -> ([MathNode], [Unicode.Scalar]) {
        guard signs.allSatisfy({ $0 == ">" || $0 == "≥" }) else { return (sides, signs) }
        return (sides.reversed(), signs.reversed().map { $0 == ">" ? "<" : "≤" })
    }

    /// The interval of the values of one name between constant bounds.
    static func interval(of node: MathNode) -> MathNode? {
        guard case .relation(let original, let originalSigns) = node else { return nil }
        let (sides, signs) = ascending(original, originalSigns)
        guard signs.allSatisfy({ $0 == "<" || $0 == "≤" }) else { return nil }
        let isBound = { (side: MathNode) in !isName(side) && isFree(of: side) }
        switch sides.count {
        case 2 where isName(sides[0]) && isBound(sides[1]):
            return .tuple(
                open: "(", [.negative(infinity), sides[1]], close: signs[0] == "<" ? ")" : "]")
        case 2 where isName(sides[1]) && isBound(sides[0]):
            return .tuple(open: signs[0] == "<" ? "(" : "[", [sides[0], infinity], close: ")")
        case 3 where isName(sides[1]) && isBound(sides[0]) && isBound(sides[2]):
            return .tuple(
                open: signs[0] == "<" ? "(" : "[", [sides[0], sides[2]],
                close: signs[1] == "<" ? ")" : "]")
        default: return nil
        }
    }

    private static func isFree(of node: MathNode) -> Bool {
        !isCollection(node) && !node.contains { $0 != infinity && isName($0) }
    }
}
