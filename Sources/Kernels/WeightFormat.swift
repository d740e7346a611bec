/// What the matrices of a network are kept as in memory, and so what its products cost and lose.
public enum WeightFormat: String, Sendable, CaseIterable {
    /// Large checkpoints are packed where that keeps every weight, all else stays as stored.
    ///
    /// Large are those whose keys and values are f16 by default. Inputs of packed matrices are
    /// rounded to 8 bits.
    case auto
    /// As stored, and computed with exactly.
    case stored
    /// Converted to f32, and computed with exactly.
    case f32
    /// Rounded to bf16.
    case bf16
    /// Rounded to f16.
    case f16
    /// Packed to 8 bits with a scale for 32 weights.
    case int8
    /// Packed to 4 bits with a scale and a minimum for 32 weights, embedding and output to 8.
    case int4
}
