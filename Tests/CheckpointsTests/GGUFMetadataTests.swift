import Testing

@testable import Checkpoints

@Suite struct GGUFMetadataTests {
    private let metadata: GGUFMetadata

    init() throws {
        metadata = try #require(try Checkpoint.open(path: Goldens.path("tiny.gguf")).gguf)
    }

    @Test func scalarsOfEveryTypeAreRead() throws {
        #expect(try metadata.integer("t.uint8") == 200)
        #expect(try metadata.integer("t.int8") == -100)
        #expect(try metadata.integer("t.uint16") == 60_000)
        #expect(try metadata.integer("t.int16") == -30_000)
        #expect(try metadata.integer("t.uint32") == 4_000_000_000)
        #expect(try metadata.integer("t.int32") == -2_000_000_000)
        #expect(try metadata.integer("t.int64") == -(1 << 62))
        #expect(try metadata.float("t.float32") == 0.5)
        #expect(try metadata.float("t.float64") == 0.1)
        #expect(try metadata.float("t.int8") == -100)
        #expect(try metadata.bool("t.true") == true)
        #expect(try metadata.bool("t.false") == false)
        #expect(try metadata.string("t.string") == "grüße\n")
        #expect(try metadata.string("general.architecture") == "tiny")
        #expect(try metadata.unsigned("t.uint8") == 200)
    }

    @Test func arraysAreRead() throws {
        #expect(try metadata.strings("t.strings") == ["a", "", "Ġhello", "日本"])
        #expect(
            try metadata.byteStrings("t.strings")
                == ["a", "", "Ġhello", "日本"].map { Array($0.utf8) })
        #expect(try metadata.integers("t.ints") == [1, -2, 3])
        #expect(try metadata.integers("t.bools") == [1, 0])
        #expect(try metadata.floats("t.floats") == [0.5, -1.25])
        #expect(try metadata.floats("t.ints") == [1, -2, 3])
        #expect(metadata.count("t.strings") == 4)
        #expect(metadata.count("t.nested") == 2)
        #expect(metadata.typeName("t.strings") == "an array of string")
    }

    @Test func absentKeysAreNil() throws {
        #expect(!metadata.contains("t.nothing"))
        #expect(try metadata.string("t.nothing") == nil)
        #expect(try metadata.bool("t.nothing") == nil)
        #expect(try metadata.integer("t.nothing") == nil)
        #expect(try metadata.float("t.nothing") == nil)
        #expect(try metadata.strings("t.nothing") == nil)
        #expect(try metadata.integers("t.nothing") == nil)
        #expect(metadata.count("t.nothing") == nil)
    }

    @Test func valuesOfAnotherTypeAreErrorsThatNameBoth() {
        #expect(
            throws: CheckpointError.malformed(
                file: Goldens.path("tiny.gguf"), field: "t.uint8", expected: "a string",
                found: "a uint8")
        ) {
            try metadata.string("t.uint8")
        }
        #expect(throws: CheckpointError.self) { try metadata.bool("t.uint8") }
        #expect(throws: CheckpointError.self) { try metadata.integer("t.float32") }
        #expect(throws: CheckpointError.self) { try metadata.integer("t.true") }
        #expect(throws: CheckpointError.self) { try metadata.integer("t.uint64") }
        #expect(throws: CheckpointError.self) { try metadata.unsigned("t.int8") }
        #expect(throws: CheckpointError.self) { try metadata.float("t.string") }
        #expect(throws: CheckpointError.self) { try metadata.strings("t.ints") }
        #expect(throws: CheckpointError.self) { try metadata.strings("t.string") }
        #expect(throws: CheckpointError.self) { try metadata.integers("t.floats") }
        #expect(throws: CheckpointError.self) { try metadata.integers("t.nested") }
        #expect(throws: CheckpointError.self) { try metadata.floats("t.strings") }
    }

    @Test func valuesThatTheirTypeForbidsAreErrors() throws {
        var builder = GGUFBuilder()
        builder.field("empty", "")
        builder.field("bool", type: 7, [2])
        builder.field("nan", type: 6, GGUFBuilder.bytes(Float.nan.bitPattern))
        builder.field("inf", type: 12, GGUFBuilder.bytes(Double.infinity.bitPattern))
        builder.field("text", type: 8, GGUFBuilder.bytes(UInt64(1)) + [0xFF])
        builder.field("texts", elements: 8, count: 1, GGUFBuilder.bytes(UInt64(1)) + [0xFF])
        let directory = try TemporaryDirectory()
        let path = try directory.write(builder.file, to: "odd.gguf")
        let metadata = try #require(try Checkpoint.open(path: path).gguf)
        #expect(try metadata.string("empty") == "")
        #expect(throws: CheckpointError.self) { try metadata.bool("bool") }
        #expect(throws: CheckpointError.self) { try metadata.float("nan") }
        #expect(throws: CheckpointError.self) { try metadata.float("inf") }
        #expect(throws: CheckpointError.self) { try metadata.string("text") }
        #expect(throws: CheckpointError.self) { try metadata.strings("texts") }
        #expect(try metadata.byteStrings("texts") == [[0xFF]])
    }
}
