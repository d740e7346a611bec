import Foundation

/// How positions turn queries and keys: frequencies, their stretching, and which values pair up.
///
/// The arithmetic follows transformers' `modeling_rope_utils` step by step in f32: at position
/// 100,000 one unit in the last place of a frequency is a visible angle.
public struct RotaryEmbedding: Sendable, Equatable {
    /// Which two values of a head one angle turns.
    public enum Pairing: Sendable, Equatable {
        /// `i` and `i + headSize / 2`, as Hugging Face checkpoints have it.
        case halves
        /// `2 i` and `2 i + 1`, as GGUF's `llama` architecture has it.
        case neighbours
    }

    /// How frequencies are stretched beyond the context of the pretraining.
    public enum Scaling: Sendable, Equatable {
        /// Not at all.
        case none
        /// Every frequency divided by `factor`.
        case linear(factor: Double)
        /// Low frequencies divided by `factor`, high ones kept, a ramp between (Llama 3.1).
        case llama3(
            factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
            originalContextLength: Int)
        /// YaRN (arXiv 2309.00071).
        case yarn(YaRN)
    }

    /// The numbers of YaRN.
    public struct YaRN: Sendable, Equatable {
        /// How much longer the context became.
        public var factor: Double
        /// The context of the pretraining, in tokens.
        public var originalContextLength: Int
        /// Rotations over that context above which a frequency is kept.
        public var betaFast = 32.0
        /// Rotations over that context below which a frequency is divided by `factor`.
        public var betaSlow = 1.0
        /// Whether the ramp begins and ends at whole dimensions.
        public var truncates = true
        /// What cosines and sines are multiplied by.
        public var attentionFactor: Double

        /// YaRN's own choice: `0.1 ln(factor) + 1`, weighted by `scale`.
        static func attentionFactor(_ factor: Double, scale: Double = 1) -> Double {
            factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1
        }
    }

    /// The base of the geometric series of wavelengths.
    public var theta: Double
    /// How the frequencies are stretched.
    public var scaling: Scaling
    /// Which two values an angle turns.
    public var pairing: Pairing
    /// What each frequency is divided by after all stretching, `[headSize / 2]`; nil is ones.
    public var divisors: [Float]?

    /// What cosines and sines are multiplied by; 1 except under YaRN.
    public var attentionFactor: Float {
        guard case .yarn(let yarn) = scaling else { return 1 }
        return Float(yarn.attentionFactor)
    }

    /// Radians per position for each pair of a head, `[headSize / 2]`, f32.
    public func frequencies(headSize: Int) -> [Float] {
        let stretched = stretchedFrequencies(headSize: headSize)
        guard let divisors else { return stretched }
        precondition(divisors.count == stretched.count, "\(divisors.count) divisors")
        return zip(stretched, divisors).map { $0 / $1 }
    }

    private func stretchedFrequencies(headSize: Int) -> [Float] {
        let periods = stride(from: 0, to: headSize, by: 2).map { index in
            Float(pow(Double(Float(theta)), Double(Float(index) / Float(headSize))))
        }
        switch scaling {
        case .none:
            return periods.map { 1 / $0 }
        case .linear(let factor):
            return periods.map { 1 / $0 / Float(factor) }
        case .llama3(let factor, let low, let high, let original):
            return periods.map { period in
                Self.llama3(
                    1 / period, factor: factor, low: low, high: high, original: Double(original))
            }
        case .yarn(let yarn):
            return Self.yarn(periods, yarn, theta: theta, headSize: headSize)
        }
    }

    private static func llama3(
        _ frequency: Float, factor: Double, low: Double, high: Double, original: Double
    ) -> Float {
        let wavelength = Float(2 * Double.pi) / frequency
        if wavelength < Float(original / high) {
            return frequency
        }
        if wavelength > Float(original / low) {
            return frequency / Float(factor)
        }
        let smooth = (Float(original) / wavelength - Float(low)) / Float(high - low)
        return (1 - smooth) * frequency / Float(factor) + smooth * frequency
    }

    private static func yarn(
        _ periods: [Float], _ yarn: YaRN, theta: Double, headSize: Int
    ) -> [Float] {
        let original = Double(yarn.originalContextLength)
        func dimension(rotations: Double) -> Double {
            Double(headSize) * log(original / (rotations * 2 * .pi)) / (2 * log(theta))
        }
        var low = dimension(rotations: yarn.betaFast)
        var high = dimension(rotations: yarn.betaSlow)
        if yarn.truncates {
            low.round(.down)
            high.round(.up)
        }
        low = max(low, 0)
        high = min(high, Double(headSize - 1))
        if low == high {
            high += 0.001
        }
        return periods.enumerated().map { index, period in
            let ramp = min(max((Float(index) - Float(low)) / Float(high - low), 0), 1)
            let kept = 1 - ramp
            return 1 / (Float(yarn.factor) * period) * (1 - kept) + 1 / period * kept
        }
    }
}

extension RotaryEmbedding: CustomStringConvertible {
    /// Theta and scaling in a few words.
    public var description: String {
        let kept = divisors == nil ? "" : ", frequencies divided by a tensor"
        switch scaling {
        case .none:
            return "theta \(theta)\(kept)"
        case .linear(let factor):
            return "theta \(theta), linear scaling by \(factor)\(kept)"
        case .llama3(let factor, _, _, let original):
            return "theta \(theta), Llama 3 scaling by \(factor) from \(original) tokens\(kept)"
        case .yarn(let yarn):
            return "theta \(theta), YaRN by \(yarn.factor) from \(yarn.originalContextLength) "
                + "tokens\(kept)"
        }
    }
}
