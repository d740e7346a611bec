import CKernels
import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct ElementTypeTests {
    /// The types in `blocks.bin`, in its order.
    static let fixtureTypes: [ElementType] = [
        .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K,
    ]

    @Test func `blocks decode to the bits that gguf decodes them to`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/blocks.bin")
        let storage = try ByteStorage([UInt8](Data(contentsOf: file)))
        var offset = 0
        for type in Self.fixtureTypes {
            let count = 4 * type.elementsPerBlock
            let blocks = try TensorView(
                storage: storage, byteOffset: offset, elementType: type, shape: [count])
            offset += blocks.byteCount
            let expected = try TensorView(
                storage: storage, byteOffset: offset, elementType: .f32, shape: [count])
            offset += expected.byteCount
            let wanted = expected.floats().map(\.bitPattern)
            #expect(blocks.floats().map(\.bitPattern) == wanted, "\(type)")
            for set in InstructionSet.available {
                #expect(decoded(blocks, by: set).map(\.bitPattern) == wanted, "\(type) \(set)")
            }
        }
        #expect(offset == storage.count)
    }

    private func decoded(_ view: TensorView, by set: InstructionSet) -> [Float] {
        var values = [Float](repeating: 0, count: view.elementCount)
        let code = Int32(InstructionSet.allCases.firstIndex(of: set) ?? 0)
        let type = Int32(ElementType.allCases.firstIndex(of: view.elementType) ?? 0)
        unsafe view.storage.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress {
                unsafe ck_dequantize(
                    code, type, base + view.byteOffset, view.elementCount, &values)
            }
        }
        return values
    }

    @Test func `sizes are those of the file formats`() {
        let sizes = ElementType.allCases.map { [$0.elementsPerBlock, $0.bytesPerBlock] }
        #expect(
            sizes == [
                [1, 4], [1, 2], [1, 2], [32, 34], [32, 18], [32, 20], [32, 22], [32, 24],
                [256, 84], [256, 110], [256, 144], [256, 176], [256, 210],
            ])
    }

    @Test func `byte counts refuse partial blocks and overflow`() {
        #expect(ElementType.q4_K.byteCount(elements: 512) == 288)
        #expect(ElementType.q4_K.byteCount(elements: 511) == nil)
        #expect(ElementType.f32.byteCount(elements: -1) == nil)
        #expect(ElementType.f32.byteCount(elements: .max) == nil)
        #expect(ElementType.f32.byteCount(elements: 0) == 0)
    }

    @Test func `halves round to nearest with ties to even on every path`() throws {
        // every f16 is its own rounding, and midpoints go to the even neighbour
        let halves = (0...UInt16.max).map { Float(Float16(bitPattern: $0)) }
        let midpoints = (0..<UInt16(0x7BFF)).map { bits in
            (Float(Float16(bitPattern: bits)) + Float(Float16(bitPattern: bits + 1))) / 2
        }
        var generator = SeededGenerator(seed: 5)
        let anything = (0..<20_000).map { _ in
            Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))
        }
        for values in [halves, midpoints, anything] {
            let view = try TensorView(values, shape: [values.count])
            let half = try view.converted(to: .f16).floats()
            let brain = try view.converted(to: .bf16).floats()
            for (index, value) in values.enumerated() {
                let expected = Float(Float16(value))
                #expect(half[index] == expected || (value.isNaN && half[index].isNaN))
                #expect(brain[index] == roundedToBrain(value) || value.isNaN && brain[index].isNaN)
            }
        }
    }

    private func roundedToBrain(_ value: Float) -> Float {
        let low = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
        let rest = value.bitPattern & 0xFFFF
        let isOdd = value.bitPattern & 0x1_0000 != 0
        if rest > 0x8000 || (rest == 0x8000 && isOdd) {
            return Float(bitPattern: (value.bitPattern & 0xFFFF_0000) &+ 0x1_0000)
        }
        return low
    }

    @Test func `every path quantises to the same bytes`() {
        var generator = SeededGenerator(seed: 6)
        var values = (0..<1019).map { _ in
            Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))
        }
        values += generator.floats(1024 - values.count)
        for type in [Int32(CK_F16), Int32(CK_BF16)] {
            var plain = [UInt8](repeating: 0, count: 2048)
            unsafe ck_quantize(Int32(CK_ISA_REF), type, values, 1021, &plain)
            for set in fastSets {
                let code = Int32(InstructionSet.allCases.firstIndex(of: set) ?? 0)
                var fast = [UInt8](repeating: 0, count: 2048)
                unsafe ck_quantize(code, type, values, 1021, &fast)
                #expect(fast == plain)
            }
        }
    }

    @Test func `int8 keeps every element within half a step`() throws {
        var generator = SeededGenerator(seed: 7)
        let values = generator.floats(320) + [Float](repeating: 0, count: 32)
        let back = try TensorView(values, shape: [11, 32]).converted(to: .q8_0)
        for row in 0..<11 {
            let original = values[row * 32..<row * 32 + 32]
            let largest = original.map(abs).max() ?? 0
            for (value, rounded) in zip(original, back.floats(row: row)) {
                // half a step, and the rounding of the scale to f16
                #expect(abs(value - rounded) <= largest / 254 + largest * 0x1p-11)
            }
        }
    }
}
