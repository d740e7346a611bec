import Checkpoints
import Testing

@Suite struct CheckpointErrorTests {
    private static let evil = "a\nb\u{1b}[2J\u{202e}\u{2028}"

    static let errors: [CheckpointError] = [
        .unreadable(file: evil, reason: evil),
        .fileTooLarge(file: evil, byteCount: 5, limit: 4),
        .notACheckpoint(path: evil, reason: evil),
        .truncated(file: evil, field: evil, neededByteCount: 8, availableByteCount: 3),
        .malformed(file: evil, field: evil, expected: evil, found: evil),
        .limitExceeded(file: evil, field: evil, found: 2, limit: 1),
        .invalidJSON(file: evil, byteOffset: 7, reason: evil),
        .missingField(file: evil, field: evil),
        .duplicate(file: evil, field: evil, name: evil),
        .tensorOutOfRange(file: evil, tensor: evil, begin: 1, end: 2, dataByteCount: 1),
        .tensorsOverlap(file: evil, tensor: evil, other: evil, byteOffset: 1),
        .unclaimedBytes(file: evil, begin: 1, end: 2),
        .missingTensor(file: evil, tensor: evil),
        .missingFromShard(index: evil, tensor: evil, shard: evil),
        .notInIndex(index: evil, tensor: evil, shard: evil),
        .missingShard(index: evil, shard: evil),
        .wrongShape(file: evil, tensor: evil, expected: [1], found: [2]),
        .wrongType(file: evil, tensor: evil, expected: ["F32", "F16"], found: evil),
        .nonFiniteWeight(file: evil, tensor: evil, index: [1, 2]),
        .unwritable(file: evil, reason: evil),
    ]

    @Test(arguments: errors)
    func everyErrorIsOneHarmlessLineThatStartsWithTheFile(error: CheckpointError) {
        let line = error.description
        #expect(line.hasPrefix("a\\u{a}b\\u{1b}[2J\\u{202e}\\u{2028}: "))
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{2028}" })
    }

    @Test func messagesSayWhatWasExpectedAndFound() {
        #expect(
            CheckpointError.wrongShape(
                file: "m.safetensors", tensor: "lm_head.weight", expected: [8, 4], found: [4, 8]
            ).description
                == "m.safetensors: tensor lm_head.weight: expected shape [8, 4], found [4, 8]")
        #expect(
            CheckpointError.nonFiniteWeight(file: "m", tensor: "w", index: [3, 1]).description
                == "m: tensor w: expected finite weights, found a NaN or infinity at [3, 1]")
    }
}
