public import Kernels

/// An element type as a file names it, the ones nothing here can compute with included.
///
/// Block types store `valuesPerBlock` neighbours of a row in `bitsPerBlock / 8` bytes.
public struct StoredType: Sendable, Equatable {
    /// The name in the words of the format: `BF16`, `F8_E4M3`, `Q4_K`, `IQ4_XS`.
    public let name: String

    /// The type to compute with, or nil where there is none.
    public let elementType: ElementType?

    let valuesPerBlock: Int
    let bitsPerBlock: Int

    private init(
        _ name: String, bits: Int, per valuesPerBlock: Int = 1, as elementType: ElementType? = nil
    ) {
        self.name = name
        self.elementType = elementType
        self.valuesPerBlock = valuesPerBlock
        bitsPerBlock = bits
    }

    /// The type that a safetensors header calls `name`; nil for a name the format does not have.
    init?(safetensors name: String) {
        switch name {
        case "F32": self.init(name, bits: 32, as: .f32)
        case "F16": self.init(name, bits: 16, as: .f16)
        case "BF16": self.init(name, bits: 16, as: .bf16)
        case "F4": self.init(name, bits: 4)
        case "F6_E2M3", "F6_E3M2": self.init(name, bits: 6)
        case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ":
            self.init(name, bits: 8)
        case "I16", "U16": self.init(name, bits: 16)
        case "I32", "U32": self.init(name, bits: 32)
        case "I64", "U64", "F64", "C64": self.init(name, bits: 64)
        default: return nil
        }
    }

    /// The type that ggml numbers `number`; nil for a number it does not use.
    init?(ggml number: UInt32) {
        switch number {
        case 0: self.init("F32", bits: 32, as: .f32)
        case 1: self.init("F16", bits: 16, as: .f16)
        case 2: self.init("Q4_0", bits: 18 * 8, per: 32, as: .q4_0)
        case 3: self.init("Q4_1", bits: 20 * 8, per: 32, as: .q4_1)
        case 6: self.init("Q5_0", bits: 22 * 8, per: 32, as: .q5_0)
        case 7: self.init("Q5_1", bits: 24 * 8, per: 32, as: .q5_1)
        case 8: self.init("Q8_0", bits: 34 * 8, per: 32, as: .q8_0)
        case 10: self.init("Q2_K", bits: 84 * 8, per: 256, as: .q2_K)
        case 11: self.init("Q3_K", bits: 110 * 8, per: 256, as: .q3_K)
        case 12: self.init("Q4_K", bits: 144 * 8, per: 256, as: .q4_K)
        case 13: self.init("Q5_K", bits: 176 * 8, per: 256, as: .q5_K)
        case 14: self.init("Q6_K", bits: 210 * 8, per: 256, as: .q6_K)
        case 30: self.init("BF16", bits: 16, as: .bf16)
        default: self.init(unsupportedGGML: number)
        }
    }

    private init?(unsupportedGGML number: UInt32) {
        switch number {
        case 9: self.init("Q8_1", bits: 40 * 8, per: 32)
        case 15: self.init("Q8_K", bits: 292 * 8, per: 256)
        case 16: self.init("IQ2_XXS", bits: 66 * 8, per: 256)
        case 17: self.init("IQ2_XS", bits: 74 * 8, per: 256)
        case 18: self.init("IQ3_XXS", bits: 98 * 8, per: 256)
        case 19: self.init("IQ1_S", bits: 50 * 8, per: 256)
        case 20: self.init("IQ4_NL", bits: 18 * 8, per: 32)
        case 21: self.init("IQ3_S", bits: 110 * 8, per: 256)
        case 22: self.init("IQ2_S", bits: 82 * 8, per: 256)
        case 23: self.init("IQ4_XS", bits: 136 * 8, per: 256)
        case 24: self.init("I8", bits: 8)
        case 25: self.init("I16", bits: 16)
        case 26: self.init("I32", bits: 32)
        case 27: self.init("I64", bits: 64)
        case 28: self.init("F64", bits: 64)
        case 29: self.init("IQ1_M", bits: 56 * 8, per: 256)
        case 34: self.init("TQ1_0", bits: 54 * 8, per: 256)
        case 35: self.init("TQ2_0", bits: 66 * 8, per: 256)
        case 39: self.init("MXFP4", bits: 17 * 8, per: 32)
        case 40: self.init("NVFP4", bits: 36 * 8, per: 64)
        case 41: self.init("Q1_0", bits: 18 * 8, per: 128)
        default: return nil
        }
    }

    /// The bytes a tensor of `shape` takes.
    ///
    /// - Parameter shape: Dimensions, slowest first; may come from a file.
    /// - Returns: nil where rows do not fill blocks, bits do not fill bytes, or the size is no
    ///   `Int`.
    func byteCount(shape: [Int]) -> Int? {
        guard (shape.last ?? 1) % valuesPerBlock == 0 else { return nil }
        // A zero must not hide what overflows beside it: rows and columns are multiplied later.
        var count = 1
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: max(dimension, 1))
            guard dimension >= 0, !overflow else { return nil }
            count = product
        }
        // Without dimensions there is one value, which fills no block of several.
        guard count % valuesPerBlock == 0 else { return nil }
        let (bits, overflow) = (count / valuesPerBlock).multipliedReportingOverflow(
            by: bitsPerBlock)
        guard !overflow, bits % 8 == 0 else { return nil }
        return shape.contains(0) ? 0 : bits / 8
    }
}
