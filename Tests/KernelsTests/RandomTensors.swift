import Kernels
import TestSupport

extension SeededGenerator {
    /// A float of ordinary size and either sign.
    mutating func float() -> Float {
        Float.random(in: -2...2, using: &self)
    }

    /// `count` of them.
    mutating func floats(_ count: Int) -> [Float] {
        (0..<count).map { _ in float() }
    }

    /// A matrix whose unused memory is poisoned, so that reading too far shows.
    mutating func matrix(rows: Int, columns: Int) -> FloatMatrix {
        FloatMatrix(floats(rows * columns), rows: rows, columns: columns)
    }

    /// A weight matrix of any element type, at an odd address when it is quantised.
    mutating func tensor(_ type: ElementType, rows: Int, columns: Int) throws -> TensorView {
        let count = rows * columns
        guard let byteCount = type.byteCount(elements: count) else {
            throw KernelError.partialBlock(type: type, columns: columns)
        }
        if type.isPlain {
            return try TensorView(floats(count), shape: [rows, columns]).converted(to: type)
        }
        var bytes = (0..<byteCount + 1).map { _ in UInt8.random(in: 0...255, using: &self) }
        let scales = type.scaleOffsets
        for block in stride(from: 1, to: bytes.count, by: type.bytesPerBlock) {
            for offset in scales {
                // exponents that keep f16 scales between 2^-8 and 1
                let sign = bytes[block + offset + 1] & 0x80
                bytes[block + offset + 1] = sign | UInt8.random(in: 0x1C...0x3B, using: &self)
            }
        }
        return try TensorView(
            storage: ByteStorage(bytes), byteOffset: 1, elementType: type, shape: [rows, columns])
    }
}

extension ElementType {
    /// Where a block keeps its f16 scales.
    var scaleOffsets: [Int] {
        switch self {
        case .f32, .f16, .bf16: []
        case .q8_0, .q4_0, .q5_0: [0]
        case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
        case .q2_K: [80, 82]
        case .q3_K: [108]
        case .q6_K: [208]
        }
    }
}

extension FloatMatrix {
    /// Every element's bits, which `==` on floats would blur for zeros and NaN.
    var bits: [UInt32] { floats().map(\.bitPattern) }
}

/// The instruction sets to compare with the plain one.
let fastSets = InstructionSet.available.filter { $0 != .ref }
