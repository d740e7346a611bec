import Grammars

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Draws tokens from logits in the order that `SamplingParameters` documents.
///
/// The draw is a pure function of the row, the parameters, the history and `random`. NaN counts as
/// minus infinity; of a row with nothing above minus infinity token 0 is drawn, the lowest of
/// equals. The memory is reused from row to row: one weight per token of the vocabulary.
struct Sampler: Sendable {
    private var weights: [LogitScan.Lanes] = []
    private var stretchSums: [Double] = []
    private var candidates = CandidateSelection()
    private var originals: [(index: Int, value: Float)] = []

    /// The log-probability of tokens that the model all but excludes.
    ///
    /// Finite, because readers put it into JSON; the OpenAI API uses the same number.
    static let leastLogprob: Float = -9999

    /// Vectors summed in f32 before the sum moves to f64.
    private static let stretch = 64

    /// Draws one token.
    ///
    /// - Parameters:
    ///   - logits: Rows of logits, f32; one is edited during the call and restored at its end.
    ///   - row: Where in `logits` the row lies, `[vocabularySize]`.
    ///   - parameters: Valid parameters.
    ///   - history: The tokens that penalties look at.
    ///   - random: Uniform in [0, 1).
    ///   - mask: Tokens that count as minus infinity; if it allows any, one of those is drawn.
    /// - Returns: The token.
    mutating func sample(
        _ logits: inout [Float], row: Range<Int>, parameters: SamplingParameters,
        history: TokenHistory, random: Double, mask: TokenMask = TokenMask()
    ) -> Int32 {
        edit(&logits, start: row.lowerBound, parameters: parameters, history: history)
        if !mask.isEmpty { exclude(&logits, row: row, mask: mask) }
        let id = draw(logits.span.extracting(row), parameters: parameters, random: random)
        // In reverse, for a token may have been edited twice.
        for original in originals.reversed() { logits[original.index] = original.value }
        originals.removeAll(keepingCapacity: true)
        guard !mask.isEmpty, !mask.allows(Int32(id)) else { return Int32(id) }
        // Nothing that is allowed was above minus infinity.
        return (0..<Int32(row.count)).first(where: mask.allows) ?? Int32(id)
    }

    /// Log-probabilities under the model itself: log-softmax of an unedited row.
    ///
    /// - Parameters:
    ///   - id: The token whose log-probability is wanted.
    ///   - row: Logits, `[vocabularySize]`, f32.
    ///   - alternatives: How many of the likeliest tokens to list; of equals the lower id first.
    /// - Returns: f32, the normaliser summed in f64; none below `leastLogprob`.
    mutating func logprob(of id: Int32, in row: Span<Float>, alternatives: Int) -> TokenLogprob {
        let maximum = LogitScan.maximum(row)
        // Nothing above minus infinity is no distribution: nothing in it is likely.
        let isBroken = maximum == -.infinity
        let logTotal = isBroken ? .infinity : log(weigh(row, maximum: maximum, temperature: 1))
        func logprob(_ index: Int) -> Float {
            let value = row[index].isNaN ? -Float.infinity : row[index]
            // Equality first: the difference of two infinities is no number.
            let difference = value == maximum ? 0 : Double(value) - Double(maximum)
            return max(Float(difference - logTotal), Self.leastLogprob)
        }
        var top: [TokenLogprob.Alternative] = []
        if alternatives > 0 {
            candidates.takeTop(alternatives, of: row)
            top = candidates.sortedIDs().map { .init(id: Int32($0), logprob: logprob($0)) }
        }
        return TokenLogprob(id: id, logprob: logprob(Int(id)), top: top)
    }

    /// Bias, then penalties: the steps that touch few tokens.
    private mutating func edit(
        _ logits: inout [Float], start: Int, parameters: SamplingParameters,
        history: TokenHistory
    ) {
        func replace(_ id: Int32, _ change: (Float) -> Float) {
            let index = start + Int(id)
            originals.append((index, logits[index]))
            logits[index] = change(logits[index])
        }
        for (id, bias) in parameters.logitBias { replace(id) { $0 + bias } }
        if parameters.repetitionPenalty != 1 {
            let penalty = parameters.repetitionPenalty
            let penalised = { (value: Float) in value > 0 ? value / penalty : value * penalty }
            for id in history.promptIDs { replace(id, penalised) }
            for id in history.outputCounts.keys where !history.promptIDs.contains(id) {
                replace(id, penalised)
            }
        }
        if parameters.presencePenalty != 0 || parameters.frequencyPenalty != 0 {
            for (id, count) in history.outputCounts {
                let penalty =
                    parameters.presencePenalty + parameters.frequencyPenalty * Float(count)
                replace(id) { $0 - penalty }
            }
        }
    }

    /// Puts what a mask excludes out of the draw's reach.
    private mutating func exclude(_ logits: inout [Float], row: Range<Int>, mask: TokenMask) {
        func exclude(_ index: Int) {
            originals.append((index, logits[index]))
            logits[index] = -.infinity
        }
        if let allowed = mask.allowed {
            for id in 0..<row.count where !allowed.contains(Int32(id)) {
                exclude(row.lowerBound + id)
            }
        }
        if let ending = mask.ending {
            for id in 0..<row.count where !ending.allows(Int32(id)) {
                exclude(row.lowerBound + id)
            }
        }
        for id in mask.excluded where id >= 0 && Int(id) < row.count {
            exclude(row.lowerBound + Int(id))
        }
    }

    private mutating func draw(
        _ row: Span<Float>, parameters: SamplingParameters, random: Double
    ) -> Int {
        guard parameters.temperature > 0 else { return LogitScan.indexOfMaximum(row) }
        let maximum = LogitScan.maximum(row)
        guard maximum > -.infinity else { return 0 }

        let cutsByRank = parameters.topK > 0 && parameters.topK < row.count
        let total: Double
        if cutsByRank {
            candidates.takeTop(parameters.topK, of: row)
            total = weighCandidates(row, maximum: maximum, temperature: parameters.temperature)
        } else {
            total = weigh(row, maximum: maximum, temperature: parameters.temperature)
            guard parameters.topP < 1 || parameters.minP > 0 else {
                return drawUncut(total: total, random: random)
            }
            // Tokens below this weigh less than 1 - p all together, so those that reach p are
            // found without them; the half leaves room for rounding.
            let excess = 1 - Double(parameters.topP)
            let negligible = Float(excess * total / Double(row.count) / 2)
            candidates.takeAll(
                above: max(negligible, parameters.minP), weights: weights, of: row)
        }

        // Each cut keeps the likeliest, so their order does not matter as long as top-p measures
        // its share of what top-k left and not of what min-p left: `total` is that.
        let weights = weights
        func weight(_ id: Int) -> Float { weights[id >> 3][id & 7] }
        if cutsByRank && parameters.minP > 0 {
            candidates.filter { weight($0) >= parameters.minP }
        }
        if parameters.topP < 1 {
            candidates.cut(reaching: Double(parameters.topP) * total) { Double(weight($0)) }
        }
        return drawCandidate(random: random, weight: weight)
    }

    /// Fills `weights` and `stretchSums`.
    ///
    /// - Returns: The weight of all tokens together.
    private mutating func weigh(
        _ row: Span<Float>, maximum: Float, temperature: Float
    ) -> Double {
        let count = LogitScan.vectorCount(for: row.count)
        if weights.count != count { weights = Array(repeating: .zero, count: count) }
        stretchSums.removeAll(keepingCapacity: true)
        var total = 0.0
        var start = 0
        while start < count {
            var sums = LogitScan.Lanes(repeating: 0)
            for vector in start..<min(start + Self.stretch, count) {
                let lanes = LogitScan.weights(
                    LogitScan.lanes(row, at: vector), maximum: maximum, temperature: temperature)
                weights[vector] = lanes
                sums += lanes
            }
            var sum = 0.0
            for lane in 0..<LogitScan.laneCount { sum += Double(sums[lane]) }
            stretchSums.append(sum)
            total += sum
            start += Self.stretch
        }
        return total
    }

    /// Fills `weights` for the candidates alone.
    private mutating func weighCandidates(
        _ row: Span<Float>, maximum: Float, temperature: Float
    ) -> Double {
        let count = LogitScan.vectorCount(for: row.count)
        if weights.count != count { weights = Array(repeating: .zero, count: count) }
        var total = 0.0
        for key in candidates.keys {
            let id = CandidateSelection.id(key)
            let weight = LogitScan.weights(
                LogitScan.Lanes(repeating: row[id]), maximum: maximum, temperature: temperature)[0]
            weights[id >> 3][id & 7] = weight
            total += Double(weight)
        }
        return total
    }

    /// Inverts the cumulative weights of the whole row.
    private func drawUncut(total: Double, random: Double) -> Int {
        let target = random * total
        var passed = 0.0
        var last = 0
        for (stretch, sum) in stretchSums.enumerated() where sum > 0 {
            guard passed + sum > target else {
                passed += sum
                last = stretch
                continue
            }
            last = stretch
            break
        }
        // The stretch's own sum was rounded differently; what rounding loses goes to its last
        // token that weighs anything.
        var chosen = 0
        let start = last * Self.stretch
        for vector in start..<min(start + Self.stretch, weights.count) {
            for lane in 0..<LogitScan.laneCount where weights[vector][lane] > 0 {
                chosen = vector * LogitScan.laneCount + lane
                passed += Double(weights[vector][lane])
                if passed > target { return chosen }
            }
        }
        return chosen
    }

    /// Inverts the cumulative weights of the candidates.
    private func drawCandidate(random: Double, weight: (Int) -> Float) -> Int {
        var total = 0.0
        for key in candidates.keys { total += Double(weight(CandidateSelection.id(key))) }
        let target = random * total
        var passed = 0.0
        var chosen = 0
        for key in candidates.keys {
            let id = CandidateSelection.id(key)
            guard weight(id) > 0 else { continue }
            chosen = id
            passed += Double(weight(id))
            if passed > target { return id }
        }
        return chosen
    }
}
