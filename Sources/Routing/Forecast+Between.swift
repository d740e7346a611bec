#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Forecast {
    /// What is expected of a member between two that were measured: everything on the line from
    /// one to the other, lengths in logarithms.
    ///
    ///     tokens(q)  = tokens1(q)^(1 - share) * tokens2(q)^share
    ///     accuracy   = accuracy1 * (1 - share) + accuracy2 * share       closed thoughts too
    ///
    /// - Parameters:
    ///   - first: What a share of 0 is.
    ///   - second: What a share of 1 is.
    ///   - share: How far from the first to the second, 0 to 1.
    /// - Returns: The expectation.
    public static func between(
        _ first: Forecast, _ second: Forecast, share: Double
    ) -> Forecast {
        func mix(_ one: Double, _ other: Double) -> Double { one + (other - one) * share }
        let location = mix(first.location, second.location)
        let scale = exp(mix(log(first.scale), log(second.scale)))
        let count = max(first.residuals.count, second.residuals.count)
        let residuals = (0..<count).map { index in
            let length = mix(
                first.logLength(at: index, of: count), second.logLength(at: index, of: count))
            return (length - location) / scale
        }
        let shares = Set((first.closings + second.closings).map(\.share)).sorted()
        let closings = shares.map { share in
            Closing(
                share: share,
                accuracy: mix(
                    first.closingAccuracy(at: share), second.closingAccuracy(at: share)))
        }
        return Forecast(
            location: location, scale: scale, residuals: residuals,
            accuracy: mix(first.accuracy, second.accuracy), closings: closings)
    }

    /// The logarithm of the length at one of `count` evenly spread ranks.
    private func logLength(at index: Int, of count: Int) -> Double {
        let rank = (index * 2 + 1) * residuals.count / (count * 2)
        return location + scale * residuals[rank]
    }
}
