/// A matrix of weights, as products take it.
public enum WeightMatrix: Sendable {
    /// In its stored type: each weight counts with its exact value.
    case stored(TensorView)
    /// Packed: inputs of integers are rounded to 8 bits for each group of 32, those of
    /// ``PackedFormat/bf16dot`` to bf16.
    case packed(PackedMatrix)

    /// Output features.
    public var rows: Int {
        switch self {
        case .stored(let view): view.rows
        case .packed(let matrix): matrix.rows
        }
    }

    /// Input features.
    public var columns: Int {
        switch self {
        case .stored(let view): view.columns
        case .packed(let matrix): matrix.columns
        }
    }

    /// Bytes that the weights take.
    public var byteCount: Int {
        switch self {
        case .stored(let view): view.byteCount
        case .packed(let matrix): matrix.byteCount
        }
    }

    /// The tensor, unless it is packed.
    public var view: TensorView? {
        if case .stored(let view) = self { view } else { nil }
    }

    /// How it is packed, if it is.
    public var packedFormat: PackedFormat? {
        if case .packed(let matrix) = self { matrix.format } else { nil }
    }
}
