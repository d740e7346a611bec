/// What the matrices of a network are kept as in memory, and so what its products cost and lose.
public enum WeightFormat: String, Sendable, CaseIterable {
    /// Packed where that keeps every weight, or as good as (q4_K), but of small checkpoints no
    /// integers.
    ///
    /// Small are those whose keys and values are f32 by default. Inputs of packed integers are
    /// rounded to 8 bits, those of bf16 in checkpoints that are not small to bf16; all else is
    /// computed with exactly.
    case auto
    /// As stored, mapped from the file, and computed with exactly.
    case stored
    /// Converted to f32, and computed with exactly.
    case f32
    /// Rounded to bf16.
    case bf16
    /// Rounded to bf16, as are the inputs of products.
    case bf16dot
    /// Rounded to f16.
    case f16
    /// Packed to 8 bits with a scale for 32 weights.
    case int8
    /// Packed to 4 bits with a scale and a minimum for 32 weights, embedding and output to 8.
    case int4
}
