import CKernels

/// How packed weights lie in memory; `ckernels.h` draws it.
public enum PackedFormat: String, Sendable, CaseIterable {
    /// 8 bits with a scale for 32 weights.
    case int8
    /// 4 bits with a scale and a minimum for 32 weights.
    case int4
    /// 4 bits with a scale for 32 weights, on both sides of zero.
    case int4centred
    /// Single precision.
    case f32
    /// Half precision.
    case f16
    /// The upper half of single precision.
    case bf16
    /// The same, and inputs of products are rounded to it too.
    case bf16dot

    /// Whether weights are integers, and inputs of products are rounded to 8 bits.
    public var isInteger: Bool { self == .int8 || self == .int4 || self == .int4centred }

    /// Weights of a row that lie together: rows are whole groups of them.
    public var groupSize: Int {
        switch self {
        case .int8, .int4, .int4centred: 32
        case .bf16, .bf16dot: 2
        case .f32, .f16: 1
        }
    }

    /// The number that the C functions know this format by.
    var code: Int32 {
        switch self {
        case .int8: Int32(CK_PACKED_INT8)
        case .int4: Int32(CK_PACKED_INT4)
        case .int4centred: Int32(CK_PACKED_INT4_CENTRED)
        case .f32: Int32(CK_PACKED_F32)
        case .f16: Int32(CK_PACKED_F16)
        case .bf16: Int32(CK_PACKED_BF16)
        case .bf16dot: Int32(CK_PACKED_BF16_DOT)
        }
    }

    /// Bytes of a packed matrix.
    ///
    /// - Parameters:
    ///   - rows: At least 0.
    ///   - columns: A multiple of ``groupSize``.
    /// - Returns: The bytes; rows fill panels of 16.
    public func byteCount(rows: Int, columns: Int) -> Int {
        PackedMatrix.panelCount(rows: rows) * panelByteCount(columns)
    }

    func panelByteCount(_ columns: Int) -> Int {
        Int(ck_packed_panel_bytes(code, columns))
    }
}

extension ElementType {
    /// The packed format for weights of this type; nil where there is none.
    ///
    /// It keeps every weight as it is, but of q4_K scales and minima are rounded to f16.
    public var packedFormat: PackedFormat? {
        switch self {
        case .q8_0: .int8
        case .q4_0: .int4centred
        case .q4_1, .q4_K: .int4
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        default: nil
        }
    }
}
