import Foundation
import Kernels
import TestSupport
import Testing

@testable import Checkpoints

/// Every reader either returns or throws, whatever the bytes; what it returns can be read.
@Suite struct HostileBytesTests {
    private static let limits = CheckpointLimits()

    private static func readSafetensors(_ bytes: [UInt8]) {
        guard let header = try? SafetensorsBuilder.parse(bytes) else { return }
        readAll(header.tensors, bytes)
    }

    private static func readGGUF(_ bytes: [UInt8]) {
        guard let header = try? GGUFHeader(parsing: bytes.span, file: "x.gguf", limits: limits),
            let storage = try? ByteStorage(bytes)
        else { return }
        readAll(header.tensors, bytes)
        let metadata = GGUFMetadata(fields: header.fields, storage: storage, file: "x.gguf")
        for key in metadata.keys {
            _ = try? metadata.string(key)
            _ = try? metadata.bool(key)
            _ = try? metadata.integer(key)
            _ = try? metadata.float(key)
            _ = try? metadata.strings(key)
            _ = try? metadata.byteStrings(key)
            _ = try? metadata.integers(key)
            _ = try? metadata.floats(key)
        }
    }

    private static func readJSON(_ bytes: [UInt8]) {
        _ = try? JSONValue(parsing: bytes.span, file: "x.json")
    }

    private static func readIndex(_ bytes: [UInt8]) {
        _ = try? ShardIndex(parsing: bytes.span, file: "x.json", limits: limits)
    }

    private static func readAll(_ tensors: [TensorInfo], _ bytes: [UInt8]) {
        guard let storage = try? ByteStorage(bytes) else { return }
        for tensor in tensors {
            #expect(tensor.byteRange.upperBound <= bytes.count)
            #expect(tensor.byteRange.lowerBound >= 0)
            guard let type = tensor.type.elementType else { continue }
            let view = try? TensorView(
                storage: storage, byteOffset: tensor.byteRange.lowerBound, elementType: type,
                shape: tensor.shape)
            #expect(view?.byteCount == tensor.byteRange.count)
            #expect(view?.floats().count == tensor.elementCount)
            _ = view?.firstNonFinite()
            // Products of other dimensions than all must not overflow either.
            _ = view?.bytesPerRow
        }
    }

    struct Reader: Sendable, CustomTestStringConvertible {
        let file: String
        let read: @Sendable ([UInt8]) -> Void

        var testDescription: String { file }
    }

    static let readers = [
        Reader(file: "tiny.safetensors", read: readSafetensors),
        Reader(file: "tiny.gguf", read: readGGUF),
        Reader(file: "sharded/config.json", read: readJSON),
        Reader(file: "sharded/model.safetensors.index.json", read: readIndex),
    ]

    @Test(arguments: readers)
    func filesCutOffAtAnyByteNeverTrap(reader: Reader) throws {
        let bytes = try Goldens.bytes(reader.file)
        for count in 0...bytes.count { reader.read(Array(bytes.prefix(count))) }
    }

    @Test(arguments: readers)
    func filesWithFlippedBitsNeverTrap(reader: Reader) throws {
        var generator = SeededGenerator(seed: 77)
        let golden = try Goldens.bytes(reader.file)
        for _ in 0..<1_500 {
            var bytes = golden
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                // Most of a GGUF file is data; the header is what can be broken.
                let end = Bool.random(using: &generator) ? bytes.count : min(1_400, bytes.count)
                bytes[Int.random(in: 0..<end, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
            reader.read(bytes)
        }
    }

    @Test(arguments: readers)
    func filesWithExtremeNumbersPatchedInNeverTrap(reader: Reader) throws {
        var generator = SeededGenerator(seed: 78)
        let golden = try Goldens.bytes(reader.file)
        let extremes: [UInt64] = [
            0, 1, 0x7F, 0xFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 62, 1 << 63, UInt64.max,
            UInt64.max - 7, UInt64(Int.max) - 31,
        ]
        for _ in 0..<1_500 {
            var bytes = golden
            let width = [1, 2, 4, 8].randomElement(using: &generator) ?? 8
            let value = extremes.randomElement(using: &generator) ?? 0
            let end = min(1_400, bytes.count) - width
            let start = Int.random(in: 0...end, using: &generator)
            bytes.replaceSubrange(
                start..<start + width, with: GGUFBuilder.bytes(value).prefix(width))
            reader.read(bytes)
        }
    }

    @Test(arguments: readers)
    func filesOfJSONPunctuationNeverTrap(reader: Reader) throws {
        var generator = SeededGenerator(seed: 79)
        let alphabet = Array("{}[]\",:\\u0dE-.1e+ \n\u{7f}é".utf8)
        for _ in 0..<1_500 {
            var bytes = try Goldens.bytes("sharded/config.json")
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                let byte = alphabet.randomElement(using: &generator) ?? 0
                if Bool.random(using: &generator) {
                    bytes[position] = byte
                } else {
                    bytes.insert(byte, at: position)
                }
            }
            reader.read(bytes)
        }
    }

    @Test(arguments: ["tiny.safetensors", "tiny.gguf"])
    func brokenFilesOpenOrThrowAndWhatOpensCanBeValidated(name: String) throws {
        var generator = SeededGenerator(seed: 80)
        let directory = try TemporaryDirectory()
        let golden = try Goldens.bytes(name)
        for _ in 0..<150 {
            var bytes = golden
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
            if Int.random(in: 0..<4, using: &generator) == 0 {
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            }
            let path = try directory.write(bytes, to: name)
            guard let checkpoint = try? Checkpoint.open(path: path) else { continue }
            try? checkpoint.validateTensors()
            for info in checkpoint.tensors {
                _ = try? checkpoint.require(info.name, shape: info.shape).floats()
            }
        }
    }

    @Test func whatPassesAsJSONHerePassesElsewhere() throws {
        var generator = SeededGenerator(seed: 81)
        let golden = try Goldens.bytes("sharded/config.json")
        let alphabet = Array("{}[]\",:\\u0dE-.1e+ \nntrue".utf8)
        var acceptedCount = 0
        for _ in 0..<4_000 {
            var bytes = golden
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[position] = alphabet.randomElement(using: &generator) ?? 0
            }
            guard (try? JSONValue(parsing: bytes.span, file: "x.json")) != nil else { continue }
            acceptedCount += 1
            #expect(throws: Never.self, "\(String(decoding: bytes, as: UTF8.self))") {
                try JSONSerialization.jsonObject(
                    with: Data(bytes), options: .fragmentsAllowed)
            }
        }
        #expect(acceptedCount > 100)
    }
}
