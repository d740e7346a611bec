import Testing

@testable import Checkpoints

@Suite struct GGUFHeaderTests {
    @Test func headersListFieldsAndTensorsRowMajor() throws {
        var builder = GGUFBuilder()
        builder.field("general.architecture", "tiny")
        builder.tensor(
            "w", type: 0, dimensions: [3, 2], contents: [UInt8](repeating: 1, count: 24))
        builder.tensor("q", type: 8, dimensions: [32], contents: [UInt8](repeating: 2, count: 34))
        for version: UInt32 in [2, 3] {
            builder.version = version
            let file = builder.file
            let header = try GGUFHeader(
                parsing: file.span, file: "x.gguf", limits: CheckpointLimits())
            #expect(header.fields.keys == ["general.architecture"])
            #expect(header.tensors.map(\.name) == ["w", "q"])
            #expect(header.tensors.map(\.shape) == [[2, 3], [32]])
            #expect(header.tensors.map { file[$0.byteRange.lowerBound] } == [1, 2])
            #expect(header.tensors.map(\.byteRange.count) == [24, 34])
        }
    }

    @Test func otherMagicVersionsAndByteOrdersAreRefusedByName() {
        var builder = GGUFBuilder()
        builder.magic = Array("GGML".utf8)
        #expect(builder.error()?.description.contains("magic") == true)
        builder = GGUFBuilder()
        for version: UInt32 in [0, 1, 4, UInt32.max] {
            builder.version = version
            #expect(
                builder.error()
                    == .malformed(
                        file: "x.gguf", field: "version", expected: "2 or 3", found: "\(version)"))
        }
        builder.version = UInt32(3).byteSwapped
        #expect(builder.error()?.description.contains("big endian") == true)
    }

    @Test func hugeCountsAreRefusedBeforeAnythingIsAllocated() {
        for count: UInt64 in [1 << 20, 1 << 40, 1 << 63, UInt64.max] {
            var builder = GGUFBuilder()
            builder.tensorCount = count
            #expect(builder.error() != nil)
            builder = GGUFBuilder()
            builder.fieldCount = count
            #expect(builder.error() != nil)
            for type: UInt32 in 0...12 {
                builder = GGUFBuilder()
                builder.field("a", elements: type, count: count, [])
                #expect(builder.error() != nil, "array of \(type) x \(count)")
            }
            builder = GGUFBuilder()
            builder.field("a", type: 8, GGUFBuilder.bytes(count))
            #expect(builder.error() != nil)
        }
    }

    @Test func keysAreLimitedUniqueAndUTF8() {
        var builder = GGUFBuilder()
        builder.field("a", 1)
        builder.field("a", 2)
        #expect(builder.error() == .duplicate(file: "x.gguf", field: "metadata", name: "a"))
        builder = GGUFBuilder()
        builder.field(String(repeating: "k", count: 65_536), 1)
        #expect(builder.error() != nil)
        let key: [UInt8] = [0xFF]
        var file = GGUFBuilder()
        file.field("k", 1)
        var bytes = file.file
        bytes.replaceSubrange(32..<33, with: key)
        #expect(throws: CheckpointError.self) {
            try GGUFHeader(parsing: bytes.span, file: "x.gguf", limits: CheckpointLimits())
        }
    }

    @Test func unknownValueTypesAreErrors() {
        for type: UInt32 in [13, 255, UInt32.max] {
            var builder = GGUFBuilder()
            builder.field("a", type: type, [0, 0, 0, 0, 0, 0, 0, 0])
            #expect(builder.error() != nil)
            builder = GGUFBuilder()
            builder.field("a", elements: type, count: 0, [])
            #expect(builder.error() != nil)
        }
    }

    @Test func arraysNestToALimit() {
        func nested(_ depth: Int) -> GGUFBuilder {
            let inner = GGUFBuilder.bytes(UInt32(0)) + GGUFBuilder.bytes(UInt64(0))
            let outer = GGUFBuilder.bytes(UInt32(9)) + GGUFBuilder.bytes(UInt64(1))
            let payload = Array(repeatElement(outer, count: depth - 1).joined()) + inner
            var builder = GGUFBuilder()
            builder.field("a", type: 9, payload)
            return builder
        }
        #expect(nested(4).error() == nil)
        #expect(nested(5).error() != nil)
        #expect(nested(100_000).error() != nil)
    }

    @Test func alignmentMustBeAPowerOfTwo() {
        for alignment: UInt32 in [0, 3, 33, 1 << 25, UInt32.max] {
            var builder = GGUFBuilder()
            builder.field("general.alignment", alignment)
            #expect(builder.error() != nil, "\(alignment)")
        }
        var builder = GGUFBuilder()
        builder.field("general.alignment", "32")
        #expect(builder.error() != nil)
        builder = GGUFBuilder()
        builder.alignment = 64
        builder.field("general.alignment", 64)
        builder.tensor("a", type: 0, dimensions: [2], contents: [UInt8](repeating: 1, count: 8))
        #expect(builder.error() == nil)
        builder.tensor(
            "b", type: 0, dimensions: [2], offset: 32, contents: [UInt8](repeating: 1, count: 8))
        #expect(builder.error()?.description.contains("a multiple of 64") == true)
    }

    @Test(
        arguments: [
            [], [1, 1, 1, 1, 1], [UInt64.max], [1 << 63], [1 << 62, 4], [1 << 32, 1 << 32], [33],
            [0, 1 << 62, 1 << 62],
        ] as [[UInt64]])
    func absurdDimensionsAreErrors(dimensions: [UInt64]) {
        var builder = GGUFBuilder()
        builder.tensor("a", type: 8, dimensions: dimensions)
        #expect(builder.error() != nil)
    }

    @Test func rowsMustFillBlocks() {
        var builder = GGUFBuilder()
        builder.tensor(
            "a", type: 12, dimensions: [128, 2], contents: [UInt8](repeating: 0, count: 144))
        #expect(builder.error()?.description.contains("[2, 128]") == true)
    }

    @Test func tensorsMustLieApartAndInsideTheFile() {
        let eight = [UInt8](repeating: 0, count: 8)
        var builder = GGUFBuilder()
        builder.tensor("a", type: 0, dimensions: [2], contents: eight)
        builder.tensor("b", type: 0, dimensions: [2], offset: 0, contents: eight)
        #expect(
            builder.error()
                == .tensorsOverlap(file: "x.gguf", tensor: "b", other: "a", byteOffset: 0))
        for offset: UInt64 in [64, 1 << 40, 1 << 63, UInt64.max - 31] {
            builder = GGUFBuilder()
            builder.tensor("a", type: 0, dimensions: [2], offset: offset, contents: eight)
            #expect(builder.error() != nil, "\(offset)")
        }
        builder = GGUFBuilder()
        builder.tensor("a", type: 0, dimensions: [2], contents: eight)
        builder.tensor("a", type: 0, dimensions: [2], contents: eight)
        #expect(builder.error() == .duplicate(file: "x.gguf", field: "tensors", name: "a"))
    }

    @Test func tensorTypesAreListedOrRefusedByNumber() {
        for type: UInt32 in [4, 5, 31, 32, 33, 36, 42, 1_000, UInt32.max] {
            var builder = GGUFBuilder()
            builder.tensor("a", type: type, dimensions: [256])
            #expect(builder.error()?.description.contains("type \(type)") == true)
        }
        var builder = GGUFBuilder()
        builder.tensor(
            "a", type: 23, dimensions: [256], contents: [UInt8](repeating: 0, count: 136))
        #expect(builder.error() == nil)
    }

    @Test func aHeaderBeyondTheLimitIsRefusedThoughTheFileGoesOn() {
        var builder = GGUFBuilder()
        builder.field("a", String(repeating: "x", count: 1_000))
        var limits = CheckpointLimits()
        limits.headerByteCount = 500
        guard case .limitExceeded = builder.error(limits: limits) else {
            Issue.record("\(String(describing: builder.error(limits: limits)))")
            return
        }
    }
}
