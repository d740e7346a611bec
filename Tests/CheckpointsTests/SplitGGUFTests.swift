import Kernels
import Testing

@testable import Checkpoints

@Suite struct SplitGGUFTests {
    private func part(_ number: UInt16, of count: UInt16, tensors: Int32 = 3) -> [UInt8] {
        var builder = GGUFBuilder()
        builder.field("split.no", type: 2, GGUFBuilder.bytes(number))
        builder.field("split.count", type: 2, GGUFBuilder.bytes(count))
        builder.field("split.tensors.count", type: 5, GGUFBuilder.bytes(tensors))
        builder.tensor(
            "t\(number)", type: 0, dimensions: [1],
            contents: GGUFBuilder.bytes(Float(number).bitPattern))
        return builder.file
    }

    private func error(_ path: String) -> CheckpointError? {
        SafetensorsBuilder.error { () throws(CheckpointError) in
            _ = try Checkpoint.open(path: path)
        }
    }

    @Test func splitSetsOpenByDirectoryOrFirstFile() throws {
        let directory = try TemporaryDirectory()
        for number in 0..<3 {
            try directory.write(
                part(UInt16(number), of: 3), to: "m-0000\(number + 1)-of-00003.gguf")
        }
        for path in [directory.path, "\(directory.path)/m-00001-of-00003.gguf"] {
            let checkpoint = try Checkpoint.open(path: path)
            #expect(checkpoint.tensorNames == ["t0", "t1", "t2"])
            #expect(checkpoint.tensor(named: "t2")?.floats() == [2])
        }
        #expect(error("\(directory.path)/m-00002-of-00003.gguf") != nil)
    }

    @Test func setsThatLackAFileOrDisagreeAreErrors() throws {
        let directory = try TemporaryDirectory()
        let first = try directory.write(part(0, of: 2, tensors: 2), to: "m-00001-of-00002.gguf")
        #expect(
            error(first)
                == .missingShard(
                    index: first, shard: "\(directory.path)/m-00002-of-00002.gguf"))
        try directory.write(part(0, of: 2, tensors: 2), to: "m-00002-of-00002.gguf")
        #expect(error(first)?.description.contains("split.no") == true)
        try directory.write(part(1, of: 2, tensors: 2), to: "m-00002-of-00002.gguf")
        #expect(error(first) == nil)
        try directory.write(part(0, of: 2, tensors: 7), to: "m-00001-of-00002.gguf")
        #expect(error(first)?.description.contains("split.tensors.count") == true)
        try directory.write(part(0, of: 60_000), to: "m-00001-of-00002.gguf")
        #expect(error(first) != nil)
        let unnamed = try directory.write(part(0, of: 2), to: "whole.gguf")
        #expect(error(unnamed)?.description.contains("-00001-of-00002.gguf") == true)
    }
}
