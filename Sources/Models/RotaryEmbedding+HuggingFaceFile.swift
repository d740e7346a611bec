import Checkpoints

extension RotaryEmbedding {
    /// The `rope_scaling` of a `config.json`; null where frequencies are not stretched.
    ///
    /// - Parameter headSize: Values in a head.
    /// - Returns: An object, or null.
    /// - Throws: `ModelError.unsupported` where divisors are those of no known scaling.
    func huggingFaceScaling(headSize: Int) throws(ModelError) -> JSONValue {
        var object = JSONObject()
        switch try named(headSize: headSize) {
        case .none:
            return .null
        case .linear(let factor):
            object["rope_type"] = "linear"
            object["factor"] = .double(factor)
        case .llama3(let factor, let low, let high, let original):
            object["rope_type"] = "llama3"
            object["factor"] = .double(factor)
            object["low_freq_factor"] = .double(low)
            object["high_freq_factor"] = .double(high)
            object["original_max_position_embeddings"] = .integer(original)
        case .yarn(let yarn):
            object["rope_type"] = "yarn"
            object["factor"] = .double(yarn.factor)
            object["original_max_position_embeddings"] = .integer(yarn.originalContextLength)
            object["beta_fast"] = .double(yarn.betaFast)
            object["beta_slow"] = .double(yarn.betaSlow)
            object["attention_factor"] = .double(yarn.attentionFactor)
            if !yarn.truncates { object["truncate"] = false }
        }
        return .object(object)
    }

    /// The scaling with its divisors told by name.
    private func named(headSize: Int) throws(ModelError) -> Scaling {
        guard let divisors, divisors.contains(where: { $0 != 1 }) else { return scaling }
        let wanted = frequencies(headSize: headSize)
        if case .none = scaling {
            for candidate in Self.candidates(divisors) {
                let found = RotaryEmbedding(theta: theta, scaling: candidate, pairing: pairing)
                    .frequencies(headSize: headSize)
                // Divisors are rounded to the file's type, at best to f32.
                if zip(wanted, found).allSatisfy({ abs($0 / $1 - 1) < 1e-5 }) { return candidate }
            }
        }
        throw .unsupported(
            file: "config.json", field: "rope_scaling",
            expected: "divisors of frequencies that Llama 3's scaling makes",
            found: "\(Self.divisorsName) with others")
    }

    /// Llama 3's scalings that divisors may come from.
    ///
    /// Its releases keep the two frequency factors; the context of the pretraining is not in the
    /// divisors by itself, but it is a power of two.
    private static func candidates(_ divisors: [Float]) -> [Scaling] {
        (5...24).map { bits in
            .llama3(
                factor: Double(divisors.max() ?? 1), lowFrequencyFactor: 1,
                highFrequencyFactor: 4, originalContextLength: 1 << bits)
        }
    }
}
