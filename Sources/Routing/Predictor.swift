#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What turns features of a request into a member's forecast; made by calibration.
///
///     z        = (feature - mean) / deviation
///     location = length · z
///     scale    = exp(spread · z)
///     accuracy = 1 / (1 + exp(-right · z))
public struct Predictor: Sendable, Equatable, Codable {
    /// What is subtracted from each feature.
    public var means: [Double]
    /// What each is then divided by.
    public var deviations: [Double]
    /// Weights of the logarithm of tokens.
    public var length: [Double]
    /// Weights of the logarithm of the residual's size.
    public var spread: [Double]
    /// Weights of the log-odds of a right answer.
    public var right: [Double]
    /// Residuals of problems that nothing was fitted to, sorted.
    public var residuals: [Double]
    /// What remains when the thought is closed early.
    public var closings: [Forecast.Closing]

    /// A predictor; see the properties.
    public init(
        means: [Double], deviations: [Double], length: [Double], spread: [Double],
        right: [Double], residuals: [Double], closings: [Forecast.Closing]
    ) {
        self.means = means
        self.deviations = deviations
        self.length = length
        self.spread = spread
        self.right = right
        self.residuals = residuals
        self.closings = closings
    }

    /// The scale is kept within these, so that a strange request cannot promise nonsense.
    public static let scales = 0.02...2.0
    /// Features are kept within so many deviations, for beyond them nothing was measured.
    static let reach = 4.0

    /// The forecast of a request.
    ///
    /// - Parameter features: As many as `means`.
    /// - Returns: The forecast; nil for features of another kind.
    public func forecast(_ features: [Double]) -> Forecast? {
        guard features.count == means.count, !residuals.isEmpty else { return nil }
        let scaled = Self.standardised(features, means: means, deviations: deviations)
        let products = [length, spread, right].map { Self.product($0, scaled) }
        // Finite weights may still sum to none.
        guard products.allSatisfy(\.isFinite) else { return nil }
        let location = min(max(products[0], 0), 16)
        let scale = exp(products[1])
        return Forecast(
            location: location,
            scale: min(max(scale, Self.scales.lowerBound), Self.scales.upperBound),
            residuals: residuals, accuracy: 1 / (1 + exp(-products[2])),
            closings: closings)
    }

    /// Features as weights take them, none farther than `reach` from its mean.
    ///
    /// - Parameters:
    ///   - features: As they were found.
    ///   - means: What is subtracted from each.
    ///   - deviations: What each is then divided by, above 0.
    /// - Returns: As many.
    public static func standardised(
        _ features: [Double], means: [Double], deviations: [Double]
    ) -> [Double] {
        features.indices.map { index in
            let value = (features[index] - means[index]) / deviations[index]
            return min(max(value, -reach), reach)
        }
    }

    private static func product(_ weights: [Double], _ values: [Double]) -> Double {
        zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// Whether all is finite and of one size, as a file may not be.
    public var isWellFormed: Bool {
        let count = means.count
        return count > 0
            && [deviations, length, spread, right].allSatisfy { $0.count == count }
            && [means, deviations, length, spread, right, residuals].allSatisfy {
                $0.allSatisfy(\.isFinite)
            } && deviations.allSatisfy { $0 > 0 } && !residuals.isEmpty
            && zip(residuals, residuals.dropFirst()).allSatisfy { $0 <= $1 }
            && zip(closings, closings.dropFirst()).allSatisfy { $0.share < $1.share }
            && closings.allSatisfy { $0.share > 0 && (0...1).contains($0.accuracy) }
    }
}
