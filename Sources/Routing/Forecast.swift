#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a request is expected to take of one member: how many tokens, and whether it comes right.
///
///     log(tokens - ½) = location + scale * residual    residuals: those of problems that were
///                                                      not used to fit location and scale
///
/// Tokens come whole: half a token less, rounded to the nearest, covers exactly what was measured.
/// The quantiles are split conformal ones (Lei et al., 2018, arXiv 1604.04173): over requests like
/// the measured ones, a share of at least q takes no more than `quantile(q)`.
public struct Forecast: Sendable, Equatable {
    /// How often an answer was right whose thought was closed early.
    public struct Closing: Sendable, Equatable, Codable {
        /// The ceiling, as a share of the median of all tokens.
        public var share: Double
        /// The share of right answers among those that were closed.
        public var accuracy: Double

        /// An accuracy at a ceiling.
        public init(share: Double, accuracy: Double) {
            self.share = share
            self.accuracy = accuracy
        }
    }

    /// Natural logarithm of the middle count of new tokens.
    public var location: Double
    /// What residuals are stretched by, above 0.
    public var scale: Double
    /// Sorted, at least one.
    public var residuals: [Double]
    /// The chance that an answer that is not cut is right.
    public var accuracy: Double
    /// By share, rising.
    public var closings: [Closing]
    /// What live traffic has shown the residuals to fall short by; widens quantiles from the
    /// median up.
    public var widening = 0.0

    /// An expectation; see the properties.
    public init(
        location: Double, scale: Double, residuals: [Double], accuracy: Double,
        closings: [Closing] = []
    ) {
        precondition(scale > 0 && !residuals.isEmpty)
        self.location = location
        self.scale = scale
        self.residuals = residuals
        self.accuracy = accuracy
        self.closings = closings
    }

    /// Tokens that a share `q` of such requests does not exceed.
    public func quantile(_ q: Double) -> Int {
        // One more than was measured: the request itself may be the longest (the conformal rank).
        let rank = Int((Double(residuals.count + 1) * q).rounded(.up)) - 1
        let residual = residuals[min(max(rank, 0), residuals.count - 1)]
        return tokens(at: residual + (q > 0.5 ? widening : 0))
    }

    /// p50, p90 and p99.
    public var quantiles: Route.Quantiles {
        Route.Quantiles(p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99))
    }

    /// The share of such requests that take at most so many tokens.
    public func share(within tokens: Int) -> Double {
        guard tokens > 0 else { return 0 }
        let limit = (log(Double(tokens) + 0.5) - location) / scale
        return Double(residuals.partitioningIndex { $0 > limit }) / Double(residuals.count)
    }

    /// The mean of new tokens under a ceiling.
    public func meanTokens(within ceiling: Int) -> Double {
        residuals.reduce(0) { $0 + Double(min(tokens(at: $1), ceiling)) }
            / Double(residuals.count)
    }

    /// The chance of a right answer under a ceiling on all tokens.
    ///
    /// - Parameters:
    ///   - ceiling: New tokens, thought and answer.
    ///   - closes: Whether a thought that is too long is closed and answered.
    /// - Returns: In [0, 1].
    public func accuracy(within ceiling: Int, closes: Bool) -> Double {
        let whole = share(within: ceiling)
        let closed = closes ? closingAccuracy(at: Double(ceiling) / Double(quantile(0.5))) : 0
        return accuracy * whole + closed * (1 - whole)
    }

    /// Between two measured shares on the line, beyond them as at the nearest.
    func closingAccuracy(at share: Double) -> Double {
        guard let first = closings.first, let last = closings.last else { return 0 }
        guard share > first.share else { return first.accuracy * share / first.share }
        guard let next = closings.firstIndex(where: { $0.share >= share }) else {
            return last.accuracy
        }
        let (low, high) = (closings[next - 1], closings[next])
        let way = (share - low.share) / (high.share - low.share)
        return low.accuracy + way * (high.accuracy - low.accuracy)
    }

    private func tokens(at residual: Double) -> Int {
        Int(min(max(exp(location + scale * residual).rounded(), 1), 1e9))
    }
}

extension [Double] {
    /// The first index whose element satisfies `predicate`, which holds for all after it.
    fileprivate func partitioningIndex(where predicate: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
