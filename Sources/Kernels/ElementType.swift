import CKernels

/// How the elements of a tensor lie in memory.
///
/// Block formats are GGML's, byte for byte as they stand in a GGUF file.
public enum ElementType: String, Sendable, CaseIterable {
    case f32
    case f16
    case bf16
    case q8_0
    case q4_0
    case q4_1
    case q5_0
    case q5_1
    case q2_K
    case q3_K
    case q4_K
    case q5_K
    case q6_K

    /// The number that the C functions know this type by.
    var code: Int32 {
        switch self {
        case .f32: Int32(CK_F32)
        case .f16: Int32(CK_F16)
        case .bf16: Int32(CK_BF16)
        case .q8_0: Int32(CK_Q8_0)
        case .q4_0: Int32(CK_Q4_0)
        case .q4_1: Int32(CK_Q4_1)
        case .q5_0: Int32(CK_Q5_0)
        case .q5_1: Int32(CK_Q5_1)
        case .q2_K: Int32(CK_Q2_K)
        case .q3_K: Int32(CK_Q3_K)
        case .q4_K: Int32(CK_Q4_K)
        case .q5_K: Int32(CK_Q5_K)
        case .q6_K: Int32(CK_Q6_K)
        }
    }

    /// Elements that share one block; 1 for plain numbers.
    public var elementsPerBlock: Int { Int(ck_block_elements(code)) }

    /// Bytes of one block.
    public var bytesPerBlock: Int { Int(ck_block_bytes(code)) }

    /// Whether elements are plain numbers that can be addressed one by one.
    public var isPlain: Bool { elementsPerBlock == 1 }

    /// The bytes that `elements` elements take.
    ///
    /// - Parameter elements: How many; may come from a file.
    /// - Returns: nil when `elements` is negative, no multiple of the block, or needs more bytes
    ///   than an `Int` counts.
    public func byteCount(elements: Int) -> Int? {
        guard elements >= 0, elements % elementsPerBlock == 0 else { return nil }
        let (bytes, overflow) = (elements / elementsPerBlock)
            .multipliedReportingOverflow(by: bytesPerBlock)
        return overflow ? nil : bytes
    }
}
