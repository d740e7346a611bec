import Kernels
import TestSupport
import Testing

@Suite struct TensorViewTests {
    @Test func `a view never ends outside of its storage`() throws {
        let storage = try ByteStorage([UInt8](repeating: 0, count: 100))
        func make(_ offset: Int, _ shape: [Int], _ type: ElementType = .f32) throws(KernelError) {
            _ = try TensorView(
                storage: storage, byteOffset: offset, elementType: type, shape: shape)
        }
        try make(0, [25])
        try make(100, [0, 7])
        try make(3, [2, 3, 4])
        #expect(throws: KernelError.outOfRange(byteOffset: 1, byteCount: 100, storage: 100)) {
            try make(1, [25])
        }
        #expect(throws: KernelError.outOfRange(byteOffset: -4, byteCount: 4, storage: 100)) {
            try make(-4, [1])
        }
        #expect(throws: KernelError.outOfRange(byteOffset: .max, byteCount: 4, storage: 100)) {
            try make(.max, [1])
        }
        #expect(throws: KernelError.invalidShape([-1, -25])) { try make(0, [-1, -25]) }
        #expect(throws: KernelError.invalidShape([1 << 40, 1 << 40])) {
            try make(0, [1 << 40, 1 << 40])
        }
        #expect(throws: KernelError.invalidShape([0, .max, .max])) { try make(0, [0, .max, .max]) }
        #expect(throws: KernelError.invalidShape([.max])) { try make(0, [.max]) }
        #expect(throws: KernelError.partialBlock(type: .q8_0, columns: 16)) {
            try make(0, [2, 16], .q8_0)
        }
    }

    @Test func `slices, permutations and shapes address the same values`() throws {
        let view = try TensorView((0..<24).map(Float.init), shape: [4, 3, 2])
        #expect(view.rows == 4 && view.columns == 6)
        #expect(try view.rowSlice(1..<3).floats() == (6..<18).map(Float.init))
        #expect(try view.rowSlice(1..<3).shape == [2, 3, 2])
        #expect(
            try view.permutedRows([3, 0]).floats() == [18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5])
        #expect(try view.reshaped([2, 12]).floats(row: 1) == (12..<24).map(Float.init))
        #expect(throws: KernelError.rowsOutOfRange(range: 3..<5, rows: 4)) {
            try view.rowSlice(3..<5)
        }
        #expect(throws: KernelError.rowsOutOfRange(range: 4..<5, rows: 4)) {
            try view.permutedRows([0, 4])
        }
        #expect(throws: KernelError.invalidShape([5, 4])) { try view.reshaped([5, 4]) }
    }

    @Test(arguments: [ElementType.f32, .f16, .bf16])
    func `the first bad number is found wherever it is`(type: ElementType) throws {
        var generator = SeededGenerator(seed: 8)
        for count in [1, 15, 256, 1000] {
            var values = generator.floats(count)
            #expect(
                try TensorView(values, shape: [count]).converted(to: type).firstNonFinite() == nil)
            let index = Int.random(in: 0..<count, using: &generator)
            values[index] = [.nan, .infinity, -.infinity].randomElement(using: &generator) ?? .nan
            if index + 1 < count { values[count - 1] = .nan }
            #expect(
                try TensorView(values, shape: [count]).converted(to: type).firstNonFinite() == index
            )
        }
    }

    @Test(arguments: ElementType.allCases.filter { !$0.isPlain })
    func `a bad scale spoils its block`(type: ElementType) throws {
        var generator = SeededGenerator(seed: 9)
        let good = try generator.tensor(type, rows: 4, columns: type.elementsPerBlock)
        #expect(good.firstNonFinite() == nil)
        for offset in type.scaleOffsets {
            var bytes = bytes(of: good)
            bytes[1 + 2 * type.bytesPerBlock + offset + 1] |= 0x7C
            let bad = try TensorView(
                storage: ByteStorage(bytes), byteOffset: 1, elementType: type, shape: good.shape)
            #expect(bad.firstNonFinite() == 2 * type.elementsPerBlock)
            let spoiled = bad.floats(row: 2).filter { !$0.isFinite }
            #expect(spoiled.count == type.elementsPerBlock)
        }
    }

    @Test func `conversion with workers equals conversion without`() throws {
        var generator = SeededGenerator(seed: 10)
        let pool = try WorkerPool(threadCount: 3)
        let source = try generator.tensor(.q4_K, rows: 3000, columns: 256)
        for type in [ElementType.f32, .f16, .bf16, .q8_0] {
            let alone = try source.converted(to: type)
            let together = try source.converted(to: type, using: pool)
            #expect(alone.shape == [3000, 256])
            #expect(bytes(of: alone) == bytes(of: together))
        }
        #expect(try source.converted(to: .f32).floats() == source.floats())
        #expect(throws: KernelError.unsupportedConversion(to: .q4_0)) {
            try source.converted(to: .q4_0)
        }
    }

    @Test(arguments: [ElementType.f32, .f16, .bf16, .q8_0], [ElementType.f32, .q4_K, .bf16])
    func `each element of a mixture lies on the line, rounded once to f32 and once to its type`(
        type: ElementType, source: ElementType
    ) throws {
        var generator = SeededGenerator(seed: 11)
        // Pieces, and an end that fills none.
        let one = try generator.tensor(source, rows: 9, columns: 256)
        let other = try generator.tensor(.bf16, rows: 9, columns: 256)
        for share in [0, 0.3, 1] {
            let mixed = try one.mixed(with: other, share: share, as: type)
            let line = zip(one.floats(), other.floats()).map { first, second in
                Float(Double(first) * (1 - share) + Double(second) * share)
            }
            let expected = try TensorView(line, shape: [9, 256]).converted(to: type)
            #expect(mixed.shape == [9, 256] && mixed.elementType == type)
            #expect(bytes(of: mixed) == bytes(of: expected))
        }
        #expect(throws: KernelError.unsupportedConversion(to: .q4_0)) {
            try one.mixed(with: other, share: 0.5, as: .q4_0)
        }
    }

    private func bytes(of view: TensorView) -> [UInt8] {
        unsafe view.storage.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    @Test func `storage gives its memory back once`() throws {
        let releases = ReleaseCount()
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 7, count: 8)
        do {
            let view = try unsafe TensorView(
                storage: ByteStorage(pointer: memory, count: 8) { pointer, count in
                    releases.add(count)
                    unsafe pointer.deallocate()
                }, elementType: .f32, shape: [2])
            #expect(view.floats().count == 2)
            #expect(releases.total == 0)
        }
        #expect(releases.total == 8)
    }
}
