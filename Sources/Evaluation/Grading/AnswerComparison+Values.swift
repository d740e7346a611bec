/// Values: exactly where that is possible, else at sample points, else within the tolerance.
extension AnswerComparison {
    /// Compares two values, percentages among them.
    mutating func value(_ prediction: MathNode, _ gold: MathNode) throws(MathFailure) -> Verdict {
        let (share, otherShare) = (
            AnswerShape.withoutPercent(prediction), AnswerShape.withoutPercent(gold)
        )
        let hundredth = { (node: MathNode) in MathNode.percent(node) }
        switch (share, otherShare) {
        case (let share?, let otherShare?): return try plainValue(share, otherShare)
        case (let share?, nil):
            return try anyOf([(share, gold), (hundredth(share), gold)], by: .percentage)
        case (nil, let share?):
            return try anyOf(
                [(prediction, share), (prediction, hundredth(share))], by: .percentage)
        case (nil, nil):
            let verdict = try plainValue(prediction, gold)
            guard policy.percentages == .always, !verdict.isEqual, prediction.isConstant,
                gold.isConstant
            else { return verdict }
            return try anyOf(
                [(prediction, hundredth(gold)), (hundredth(prediction), gold)], by: .percentage)
        }
    }

    private mutating func anyOf(
        _ pairs: [(MathNode, MathNode)], by rule: GradingRule
    ) throws(MathFailure) -> Verdict {
        var result = Verdict.different
        for (prediction, gold) in pairs {
            switch try plainValue(prediction, gold) {
            case .equal: return .equal(by: rule)
            case .undecided: result = .undecided
            case .different: break
            }
        }
        return result
    }

    private mutating func plainValue(
        _ prediction: MathNode, _ gold: MathNode
    ) throws(MathFailure) -> Verdict {
        let isConstant = prediction.isConstant && gold.isConstant
        var result: Verdict
        switch try exactly(prediction, gold) {
        case true?: return .equal(by: .exact)
        case false?: result = .different
        case nil: result = try sampled(prediction, gold, isConstant: isConstant)
        }
        guard result == .different, isConstant else { return result }
        if try isClose(prediction, gold) { result = .equal(by: .approximate) }
        return result
    }

    // MARK: Exact arithmetic

    /// Whether two values are equal; nil where exact arithmetic cannot tell.
    private mutating func exactly(
        _ prediction: MathNode, _ gold: MathNode
    ) throws(MathFailure) -> Bool? {
        var builder = AlgebraicBuilder(meter: meter)
        let answer: Bool?
        do throws(MathFailure) {
            let form = try builder.form(of: prediction)
            answer = try builder.areEqual(form, try builder.form(of: gold))
            meter = builder.meter
            return answer
        } catch {
            meter = builder.meter
            if error == .tooMuchWork { throw error }
        }
        return try modulo(prediction, gold)
    }

    private mutating func modulo(
        _ prediction: MathNode, _ gold: MathNode
    ) throws(MathFailure) -> Bool? {
        for prime in ResidueEvaluator.primes {
            var evaluator = ResidueEvaluator(prime: prime, meter: meter)
            do throws(MathFailure) {
                let residue = try evaluator.value(of: prediction)
                let other = try evaluator.value(of: gold)
                meter = evaluator.meter
                if residue != other { return false }
            } catch {
                meter = evaluator.meter
                if error == .tooMuchWork { throw error }
                return nil
            }
        }
        return true
    }

    // MARK: Sampling

    private mutating func samples(
        of node: MathNode, at point: Int
    ) throws(MathFailure) -> ComplexNumber? {
        var evaluator = SampleEvaluator(point: point, meter: meter)
        defer { meter = evaluator.meter }
        do throws(MathFailure) {
            let value = try evaluator.value(of: node)
            return value.isFinite ? value : nil
        } catch {
            if error == .tooMuchWork { throw error }
            return nil
        }
    }

    private static func agree(_ left: ComplexNumber, _ right: ComplexNumber) -> Bool {
        (left - right).magnitude <= 1e-9 * max(left.magnitude, right.magnitude, 1e-3)
    }

    private mutating func sampled(
        _ prediction: MathNode, _ gold: MathNode, isConstant: Bool
    ) throws(MathFailure) -> Verdict {
        var agreements = 0
        for point in 0..<(isConstant ? 1 : SampleEvaluator.pointCount) {
            guard let value = try samples(of: prediction, at: point),
                let other = try samples(of: gold, at: point)
            else { continue }
            guard Self.agree(value, other) else { return .different }
            agreements += 1
        }
        return agreements >= (isConstant ? 1 : 2) ? .equal(by: .sampled) : .undecided
    }

    private mutating func isClose(
        _ prediction: MathNode, _ gold: MathNode
    ) throws(MathFailure) -> Bool {
        guard policy.relativeTolerance > 0,
            policy.approximation == .always || prediction.hasDecimal || gold.hasDecimal,
            let value = try samples(of: prediction, at: 0),
            let other = try samples(of: gold, at: 0)
        else { return false }
        return (value - other).magnitude
            <= policy.relativeTolerance * max(value.magnitude, other.magnitude)
    }

    // MARK: Equations

    /// Whether one value is a constant multiple of the other, and not of zero.
    mutating func proportional(
        _ prediction: MathNode, _ gold: MathNode
    ) throws(MathFailure) -> Verdict {
        var builder = AlgebraicBuilder(meter: meter)
        do throws(MathFailure) {
            let form = try builder.form(of: prediction)
            let answer = try builder.areProportional(form, try builder.form(of: gold))
            meter = builder.meter
            if let answer { return answer ? .equal(by: .equation) : .different }
        } catch {
            meter = builder.meter
            if error == .tooMuchWork { throw error }
        }
        var ratio: ComplexNumber?
        var agreements = 0
        for point in 0..<SampleEvaluator.pointCount {
            guard let value = try samples(of: prediction, at: point),
                let other = try samples(of: gold, at: point), other.magnitude > 1e-9
            else { continue }
            let quotient = value / other
            guard quotient.magnitude > 1e-9, Self.agree(quotient, ratio ?? quotient) else {
                return .different
            }
            ratio = quotient
            agreements += 1
        }
        return agreements >= 3 ? .equal(by: .equation) : .undecided
    }
}
