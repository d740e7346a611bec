/// What a schema says of a number's value.
///
/// A number is compared as the decimal that is written, with bounds as the shortest decimals of
/// their doubles. Its text has no exponent and at most 15 digits, a zero before the point not
/// counted, so that doubles keep the order: whoever reads doubles comes to the same verdict.
/// Multiples are exact in decimals: 0.07 is one of 0.01.
public struct NumberBounds: Sendable, Hashable {
    /// Whether the text has no fraction.
    public var isInteger: Bool
    /// The values that are allowed lie above it, or are it.
    public var minimum: Double?
    /// The values that are allowed lie above it.
    public var exclusiveMinimum: Double?
    /// The values that are allowed lie below it, or are it.
    public var maximum: Double?
    /// The values that are allowed lie below it.
    public var exclusiveMaximum: Double?
    /// What divides them; above zero.
    public var multipleOf: Double?

    /// No bound.
    public init(isInteger: Bool) {
        self.isInteger = isInteger
    }

    /// What magnitudes of numbers of one sign are compared with.
    fileprivate struct Limit {
        let bound: Decimal
        let isUpper: Bool
        let isExclusive: Bool

        /// Whether a number with this order to the bound is allowed.
        func allows(_ order: Order) -> Bool {
            order == .equal ? !isExclusive : (order == .less) == isUpper
        }
    }

    fileprivate enum Order: Hashable { case less, equal, greater }

    /// The limits of the magnitudes of one sign; `nil` where no number of it is allowed.
    fileprivate func limits(ofNegative isNegative: Bool) -> [Limit]? {
        var limits: [Limit] = []
        let all = [
            (minimum, false, false), (exclusiveMinimum, false, true), (maximum, true, false),
            (exclusiveMaximum, true, true),
        ]
        for (value, isUpper, isExclusive) in all {
            guard let bound = value.map(Decimal.init) else { continue }
            if bound.isNegative == isNegative {
                // Below zero the greater magnitude is the lesser number.
                limits.append(
                    Limit(bound: bound, isUpper: isUpper != isNegative, isExclusive: isExclusive))
            } else if bound.isNegative == isUpper {
                return nil
            }
        }
        return limits
    }

    /// What is known of a number behind some of its characters.
    fileprivate struct Progress: Hashable {
        enum Phase: Hashable { case start, sign, whole, point, fraction }

        var phase = Phase.start
        var isNegative = false
        var isZero = true
        var startsWithZero = false
        /// Digits before the point, until it comes.
        var whole = 0
        /// Digits behind the point, and at most.
        var fraction = 0
        var places = 0
        /// The orders of the digits so far and as many of the bounds'.
        var orders: [Order] = []
        /// What division by the scaled divisor leaves.
        var remainder = 0
    }
}

extension TextAutomaton {
    /// The texts of the numbers within bounds.
    ///
    /// - Throws: `Failure.tooLarge`, as where a divisor has too many remainders.
    public init(
        numbers bounds: NumberBounds, paidBy allowance: inout Allowance
    ) throws(Failure) {
        guard let reader = NumberReader(bounds) else { throw .tooLarge }
        try self.init(
            from: NumberBounds.Progress(), paidBy: &allowance, accepts: reader.accepts,
            steps: { progress, _ throws(Failure) in reader.steps(from: progress) })
    }
}

/// Reads numbers within bounds, character by character.
private struct NumberReader {
    typealias Progress = NumberBounds.Progress

    let bounds: NumberBounds
    let limits: (positive: [NumberBounds.Limit]?, negative: [NumberBounds.Limit]?)
    /// The divisor times ten to the power of `places`.
    private var divisor = 1
    /// Digits behind the point of the divisor.
    private var scale = 0
    /// Digits behind the point at most.
    private var places: Int

    /// Digits of a number at most.
    private static let digitLimit = 15

    init?(_ bounds: NumberBounds) {
        self.bounds = bounds
        limits = (bounds.limits(ofNegative: false), bounds.limits(ofNegative: true))
        places = bounds.isInteger ? 0 : Self.digitLimit
        guard let step = bounds.multipleOf.map(Decimal.init) else { return }
        // Ten times a remainder has to be a number still.
        guard step.whole.count + step.fraction.count <= Self.digitLimit else { return nil }
        divisor = (step.whole + step.fraction).reduce(0) { $0 * 10 + Int($1) }
        scale = step.fraction.count
        places = min(places, scale)
    }

    func steps(from progress: Progress) -> [(CodePointSet, Progress)] {
        var steps: [(CodePointSet, Progress)] = []
        func step(_ character: Character, _ next: Progress?) {
            if let next { steps.append((CodePointSet(of: String(character)), next)) }
        }
        if progress.phase == .start {
            step("-", begun(isNegative: true))
            guard let positive = begun(isNegative: false) else { return steps }
            return steps + self.steps(from: positive)
        }
        for digit in 0...9 { step(Character("\(digit)"), read(digit, behind: progress)) }
        if progress.phase == .whole, places > 0 { step(".", pointed(progress)) }
        return steps
    }

    func accepts(_ progress: Progress) -> Bool {
        guard progress.phase == .whole || progress.phase == .fraction,
            !(progress.isNegative && progress.isZero)
        else { return false }
        let orders = progress.phase == .whole ? pointed(progress).orders : progress.orders
        let limits = limits(of: progress)
        let isWithin = zip(limits, orders).allSatisfy { limit, order in
            let hasMore = order == .equal && limit.bound.fraction.count > progress.fraction
            return limit.allows(hasMore ? .less : order)
        }
        var remainder = progress.remainder
        for _ in progress.fraction..<max(scale, progress.fraction) {
            remainder = remainder * 10 % divisor
        }
        return isWithin && remainder == 0
    }

    private func limits(of progress: Progress) -> [NumberBounds.Limit] {
        (progress.isNegative ? limits.negative : limits.positive) ?? []
    }

    private func begun(isNegative: Bool) -> Progress? {
        guard let limits = isNegative ? limits.negative : limits.positive else { return nil }
        return Progress(
            phase: .sign, isNegative: isNegative,
            orders: Array(repeating: .equal, count: limits.count))
    }

    /// Behind the point: a magnitude with fewer digits before it is the lesser.
    private func pointed(_ progress: Progress) -> Progress {
        var next = progress
        let digits = progress.startsWithZero ? 0 : progress.whole
        next.phase = .point
        next.places = min(places, Self.digitLimit - digits)
        // What is forgotten tells no states apart.
        (next.whole, next.startsWithZero) = (0, false)
        for (index, limit) in limits(of: progress).enumerated() {
            if progress.whole < limit.bound.whole.count { next.orders[index] = .less }
            if progress.whole > limit.bound.whole.count { next.orders[index] = .greater }
        }
        return next
    }

    private func read(_ digit: Int, behind progress: Progress) -> Progress? {
        var next = progress
        let isFraction = progress.phase == .point || progress.phase == .fraction
        next.isZero = progress.isZero && digit == 0
        next.remainder = (progress.remainder * 10 + digit) % divisor
        if isFraction {
            guard progress.fraction < progress.places else { return nil }
            next.phase = .fraction
            next.fraction += 1
        } else {
            // No number but zero begins with it.
            guard progress.phase == .sign || !progress.startsWithZero,
                progress.whole < Self.digitLimit
            else { return nil }
            next.phase = .whole
            next.whole += 1
            next.startsWithZero = progress.phase == .sign && digit == 0
        }
        for (index, limit) in limits(of: progress).enumerated() where next.orders[index] == .equal {
            let digits = isFraction ? limit.bound.fraction : limit.bound.whole
            let place = isFraction ? progress.fraction : progress.whole
            let other = place < digits.count ? Int(digits[place]) : isFraction ? 0 : digit
            next.orders[index] = digit < other ? .less : digit > other ? .greater : .equal
        }
        // What is above an upper limit already stays above it.
        let isLost = zip(limits(of: next), next.orders).contains { limit, order in
            let length = limit.bound.whole.count
            return limit.isUpper
                && (order == .greater && (isFraction || next.whole == length)
                    || !isFraction && next.whole > length)
        }
        return isLost ? nil : next
    }
}
