import Foundation
import Testing

@testable import Checkpoints

@Suite struct ShardedCheckpointTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        for name in try FileManager.default.contentsOfDirectory(atPath: Goldens.path("sharded")) {
            try directory.write(try Goldens.bytes("sharded/\(name)"), to: name)
        }
    }

    private var index: String { "\(directory.path)/model.safetensors.index.json" }

    private func shard(_ number: Int) -> String { "model-0000\(number)-of-00002.safetensors" }

    private func error(weightMap: [(String, String)]) throws -> CheckpointError? {
        let members = weightMap.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
        try directory.write("{\"weight_map\":{\(members)}}", to: "model.safetensors.index.json")
        return error()
    }

    private func error() -> CheckpointError? {
        SafetensorsBuilder.error { () throws(CheckpointError) in
            _ = try Checkpoint.open(path: directory.path)
        }
    }

    private var honestMap: [(String, String)] {
        [1, 2].flatMap { number in
            ["up", "down"].map { ("layers.\(number).\($0)", shard(number)) }
        }
    }

    @Test func anHonestIndexOpens() throws {
        #expect(try error(weightMap: honestMap) == nil)
    }

    @Test(arguments: [
        "../model.safetensors", "/etc/model.safetensors", "a/b.safetensors", "..", ".", "",
        ".hidden.safetensors", "model.bin", "a\\u0000.safetensors", "a\\n.safetensors",
        "../../../../../../../../etc/passwd",
    ])
    func shardNamesMustBePlain(name: String) throws {
        let error = try error(weightMap: honestMap + [("x", name)])
        guard case .malformed(index, "weight_map.x", let expected, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(expected == "a plain file name ending in .safetensors")
    }

    @Test func missingShardsAreNamed() throws {
        #expect(
            try error(weightMap: honestMap + [("x", "model-9.safetensors")])
                == .missingShard(index: index, shard: "model-9.safetensors"))
        try FileManager.default.removeItem(atPath: "\(directory.path)/\(shard(2))")
        #expect(
            try error(weightMap: honestMap) == .missingShard(index: index, shard: shard(2)))
    }

    @Test func shardsThatAreLoopsPipesOrDirectoriesAreErrors() throws {
        let path = "\(directory.path)/\(shard(2))"
        try FileManager.default.removeItem(atPath: path)
        try directory.link(shard(2), to: shard(2))
        #expect(try error(weightMap: honestMap)?.description.contains("symbolic links") == true)
        try FileManager.default.removeItem(atPath: path)
        try directory.pipe(shard(2))
        #expect(try error(weightMap: honestMap)?.description.contains("a pipe") == true)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
        #expect(try error(weightMap: honestMap)?.description.contains("a directory") == true)
    }

    @Test func indexAndShardsMustAgreeBothWays() throws {
        #expect(
            try error(weightMap: honestMap + [("ghost", shard(2))])
                == .missingFromShard(index: index, tensor: "ghost", shard: shard(2)))
        #expect(
            try error(weightMap: Array(honestMap.dropFirst()))
                == .notInIndex(index: index, tensor: "layers.1.up", shard: shard(1)))
        var moved = honestMap
        moved[0].1 = shard(2)
        let error = try error(weightMap: moved)
        #expect(error == .notInIndex(index: index, tensor: "layers.1.up", shard: shard(1)))
    }

    @Test(arguments: [
        "", "{}", "[]", "null", "{\"weight_map\":{}}", "{\"weight_map\":[]}",
        "{\"weight_map\":{\"a\":1}}", "{\"weight_map\":{\"a\":\"b.safetensors\"}",
        "{\"weight_map\":{\"a\":\"b.safetensors\",\"a\":\"b.safetensors\"}}",
    ])
    func indicesOfAnotherShapeAreErrors(text: String) throws {
        try directory.write(text, to: "model.safetensors.index.json")
        #expect(error() != nil)
    }

    @Test func brokenShardsAreErrorsThatNameTheShard() throws {
        let path = "\(directory.path)/\(shard(2))"
        let bytes = try Goldens.bytes("sharded/\(shard(2))")
        try directory.write(Array(bytes.dropLast()), to: shard(2))
        #expect(error()?.description.hasPrefix(path) == true)
    }
}
