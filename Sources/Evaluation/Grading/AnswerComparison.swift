/// Compares two answers that were read, part by part.
struct AnswerComparison {
    let policy: GradingPolicy
    var meter: WorkMeter

    /// Whether `a = 1` and `b = 1` differ, as they do beside other equations.
    private var namesMatter = false

    init(policy: GradingPolicy, meter: WorkMeter) {
        self.policy = policy
        self.meter = meter
    }

    /// Compares a prediction with the right answer, whatever shapes they have.
    mutating func verdict(_ prediction: MathNode, _ gold: MathNode) throws(MathFailure) -> Verdict {
        try meter.spend(24)
        let (prediction, gold) = (AnswerShape.resolved(prediction), AnswerShape.resolved(gold))
        switch (prediction, gold) {
        case (.relation(let sides, let signs), .relation(let otherSides, let otherSigns)):
            return try relations(
                (prediction, sides, signs), (gold, otherSides, otherSigns))
        case (.relation, _):
            guard let value = AnswerShape.solution(of: prediction) else { return .different }
            return try verdict(value, gold)
        case (_, .relation):
            guard let value = AnswerShape.solution(of: gold) else { return .different }
            return try verdict(prediction, value)
        case (.tuple(let open, let parts, let close), .tuple(let open2, let parts2, let close2)):
            // Two elements may be an interval, whose brackets carry meaning.
            guard (open == open2 && close == close2) || parts.count > 2 else { return .different }
            return try ordered(parts, parts2)
        case (.list(let parts), .list(let others)), (.list(let parts), .set(let others)),
            (.set(let parts), .list(let others)), (.set(let parts), .set(let others)),
            (.union(let parts), .union(let others)):
            return try unordered(parts, others)
        case (.list(let parts), .union(let others)) where AnswerShape.areRelations(parts),
            (.union(let parts), .list(let others)) where AnswerShape.areRelations(others):
            return try unordered(parts, others)
        case (.tuple(_, let parts, _), .list(let others)),
            (.list(let parts), .tuple(_, let others, _)):
            return try ordered(parts, others)
        case (.matrix(let rows), .matrix(let others)):
            guard rows.map(\.count) == others.map(\.count) else { return .different }
            return try ordered(rows.flatMap { $0 }, others.flatMap { $0 })
        case (.matrix(let rows), .tuple(_, let parts, _)),
            (.tuple(_, let parts, _), .matrix(let rows)):
            if rows.count == parts.count, parts.allSatisfy(AnswerShape.isCollection) {
                let lines = rows.map { MathNode.tuple(open: "[", $0, close: "]") }
                guard case .tuple = gold else { return try ordered(parts, lines) }
                return try ordered(lines, parts)
            }
            guard rows.count == 1 || rows.allSatisfy({ $0.count == 1 }) else { return .different }
            let vector = rows.flatMap { $0 }
            guard case .tuple = gold else { return try ordered(parts, vector) }
            return try ordered(vector, parts)
        case (.setOperation(let sign, let a, let b), .setOperation(let sign2, let c, let d)):
            guard sign == sign2 else { return .different }
            return try ordered([a, b], [c, d])
        case (.based(let digits, let base), .based(let digits2, let base2)):
            return digits == digits2 && base == base2 ? .equal(by: .exact) : .different
        case (.based(let digits, _), _): return try value(.number(digits), gold)
        case (_, .based(let digits, _)): return try value(prediction, .number(digits))
        case (.word(let word), .word(let other)):
            return word == other ? .equal(by: .text) : .different
        default:
            guard !AnswerShape.isCollection(prediction), !AnswerShape.isCollection(gold) else {
                return .different
            }
            return try value(prediction, gold)
        }
    }

    // MARK: Collections

    private mutating func ordered(
        _ predictions: [MathNode], _ golds: [MathNode]
    ) throws(MathFailure) -> Verdict {
        guard predictions.count == golds.count else { return .different }
        var isDecided = true
        for (prediction, gold) in zip(predictions, golds) {
            switch try verdict(prediction, gold) {
            case .equal: break
            case .different: return .different
            case .undecided: isDecided = false
            }
        }
        return isDecided ? .equal(by: .elements) : .undecided
    }

    private mutating func unordered(
        _ predictions: [MathNode], _ golds: [MathNode]
    ) throws(MathFailure) -> Verdict {
        guard predictions.count == golds.count else { return .different }
        let outer = namesMatter
        namesMatter = true
        defer { namesMatter = outer }
        var left = golds
        var isDecided = true
        for prediction in predictions {
            var match: Int?
            for (index, gold) in left.enumerated() {
                let found = try verdict(prediction, gold)
                if found == .undecided { isDecided = false }
                if found.isEqual {
                    match = index
                    break
                }
            }
            guard let match else { return isDecided ? .different : .undecided }
            left.remove(at: match)
        }
        return .equal(by: .elements)
    }

    // MARK: Relations

    private typealias Relation = (node: MathNode, sides: [MathNode], signs: [Unicode.Scalar])

    private mutating func relations(
        _ prediction: Relation, _ gold: Relation
    ) throws(MathFailure) -> Verdict {
        if prediction.signs == ["="], gold.signs == ["="] {
            return try equations(prediction, gold)
        }
        let (interval, other) = (
            AnswerShape.interval(of: prediction.node), AnswerShape.interval(of: gold.node)
        )
        if let interval, let other { return try verdict(interval, other) }
        let (sides, signs) = AnswerShape.ascending(prediction.sides, prediction.signs)
        let (otherSides, otherSigns) = AnswerShape.ascending(gold.sides, gold.signs)
        guard signs == otherSigns else { return .different }
        return try ordered(sides, otherSides)
    }

    private mutating func equations(
        _ prediction: Relation, _ gold: Relation
    ) throws(MathFailure) -> Verdict {
        // Names of constants are free: n = 5 answers what x = 5 answers.
        if !namesMatter, let value = AnswerShape.namedValue(of: prediction.node), value.isConstant,
            let other = AnswerShape.namedValue(of: gold.node), other.isConstant
        {
            return try verdict(value, other)
        }
        let isCollection = (prediction.sides + gold.sides).contains {
            AnswerShape.isCollection(AnswerShape.resolved($0))
        }
        if isCollection { return try ordered(prediction.sides, gold.sides) }
        let difference = MathNode.sum([prediction.sides[0], .negative(prediction.sides[1])])
        let other = MathNode.sum([gold.sides[0], .negative(gold.sides[1])])
        return try proportional(difference, other)
    }
}
