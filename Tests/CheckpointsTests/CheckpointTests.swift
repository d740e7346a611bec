import Foundation
import Kernels
import Testing

@testable import Checkpoints

@Suite struct CheckpointTests {
    private func error(_ path: String) -> CheckpointError? {
        SafetensorsBuilder.error { () throws(CheckpointError) in
            _ = try Checkpoint.open(path: path)
        }
    }

    @Test(arguments: ["tiny.safetensors", "sharded", "tiny.gguf"])
    func goldensReadAsTheFormatsOwnPackagesReadThem(name: String) throws {
        let checkpoint = try Checkpoint.open(path: Goldens.path(name))
        let expected = try Goldens.expected(name)
        #expect(!expected.isEmpty)
        for (tensor, golden) in expected {
            let view = try checkpoint.require(tensor, shape: golden.shape)
            #expect(view.floats() == golden.values, "\(tensor)")
            #expect(checkpoint.tensor(named: tensor)?.shape == golden.shape)
        }
        try checkpoint.validateTensors()
    }

    @Test func aSafetensorsFileListsWhatNobodyComputesWith() throws {
        let checkpoint = try Checkpoint.open(path: Goldens.path("tiny.safetensors"))
        #expect(checkpoint.format == .safetensors)
        #expect(checkpoint.gguf == nil)
        #expect(checkpoint.metadata == ["format": "pt", "note": "a \"b\"\n"])
        let types = Dictionary(
            uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.type.name) })
        #expect(types["ids"] == "I64" && types["mask"] == "BOOL" && types["double"] == "F64")
        #expect(types["tiny"] == "F8_E4M3" && types["embed.weight"] == "F32")
        #expect(checkpoint.tensor(named: "ids") == nil)
        #expect(
            throws: CheckpointError.wrongType(
                file: Goldens.path("tiny.safetensors"), tensor: "ids", expected: ["F32"],
                found: "I64")
        ) {
            try checkpoint.require("ids", shape: [4], types: [.f32])
        }
        let quantised = try Checkpoint.open(path: Goldens.path("tiny.gguf"))
        #expect(quantised.info(named: "IQ4_XS")?.type.elementType == nil)
        #expect(quantised.info(named: "IQ4_XS")?.shape == [2, 256])
    }

    @Test func requiringATensorChecksNameShapeAndType() throws {
        let checkpoint = try Checkpoint.open(path: Goldens.path("sharded"))
        let name = "layers.1.up"
        _ = try checkpoint.require(name, shape: [4, 2], types: [.bf16])
        #expect(
            throws: CheckpointError.missingTensor(
                file: Goldens.path("sharded"), tensor: "layers.3.up")
        ) {
            try checkpoint.require("layers.3.up", shape: [4, 2])
        }
        let file = Goldens.path("sharded/model-00001-of-00002.safetensors")
        #expect(
            throws: CheckpointError.wrongShape(
                file: file, tensor: name, expected: [2, 4], found: [4, 2])
        ) {
            try checkpoint.require(name, shape: [2, 4])
        }
        #expect(
            throws: CheckpointError.wrongType(
                file: file, tensor: name, expected: ["F32", "F16"], found: "BF16")
        ) {
            try checkpoint.require(name, shape: [4, 2], types: [.f32, .f16])
        }
    }

    @Test func companionsAreReadFromBesideTheWeights() throws {
        let checkpoint = try Checkpoint.open(path: Goldens.path("sharded") + "//")
        let configuration = try #require(try checkpoint.json(.configuration))
        #expect(try configuration.require("hidden_size").integer() == 2)
        #expect(configuration.file == Goldens.path("sharded/config.json"))
        #expect(try checkpoint.bytes(of: .tokenizer) == nil)
        #expect(try checkpoint.json(.generationConfiguration) == nil)
        let gguf = try Checkpoint.open(path: Goldens.path("tiny.gguf"))
        #expect(gguf.format == .gguf)
        #expect(try gguf.json(.configuration) == nil)
    }

    @Test func brokenCompanionsAreErrors() throws {
        let directory = try TemporaryDirectory()
        let weights = try Goldens.bytes("tiny.safetensors")
        try directory.write(weights, to: "model.safetensors")
        #expect(error(directory.path)?.description.contains("config.json") == true)
        try directory.link("config.json", to: "config.json")
        #expect(error(directory.path)?.description.contains("symbolic links") == true)
        try FileManager.default.removeItem(atPath: "\(directory.path)/config.json")
        try directory.write("{\"a\":1,\"a\":2}", to: "config.json")
        try directory.write("{", to: "tokenizer_config.json")
        try directory.pipe("tokenizer.json")
        try directory.link("special_tokens_map.json", to: "/nowhere/at/all")
        var limits = CheckpointLimits()
        limits.configurationByteCount = 20
        try directory.write(String(repeating: " ", count: 21), to: "added_tokens.json")
        let checkpoint = try Checkpoint.open(path: directory.path, limits: limits)
        for companion: CompanionFile in [
            .configuration, .tokenizerConfiguration, .tokenizer, .specialTokensMap, .addedTokens,
        ] {
            #expect(throws: CheckpointError.self) { try checkpoint.json(companion) }
        }
    }

    @Test func theSingleFileWinsOverTheIndex() throws {
        let directory = try TemporaryDirectory()
        try directory.write("{}", to: "config.json")
        try directory.write("nonsense", to: "model.safetensors.index.json")
        try directory.write(try Goldens.bytes("tiny.safetensors"), to: "model.safetensors")
        #expect(try Checkpoint.open(path: directory.path).weightFiles.count == 1)
    }

    @Test func directoriesMustHoldExactlyOneCheckpoint() throws {
        let directory = try TemporaryDirectory()
        #expect(error(directory.path)?.description.contains("found none of them") == true)
        try directory.write(try Goldens.bytes("tiny.gguf"), to: "a.gguf")
        #expect(error(directory.path) == nil)
        try directory.write(try Goldens.bytes("tiny.gguf"), to: "b.gguf")
        #expect(
            error(directory.path)?.description.contains("2 GGUF models (a.gguf, b.gguf)") == true)
        #expect(error("\(directory.path)/c") != nil)
        let text = try directory.write("hello", to: "notes.txt")
        #expect(error(text)?.description.contains("no checkpoint") == true)
        let empty = try directory.write("", to: "empty.gguf")
        #expect(error(empty) != nil)
        let renamed = try directory.write(try Goldens.bytes("tiny.gguf"), to: "blob")
        #expect(try Checkpoint.open(path: renamed).format == .gguf)
    }

    @Test func snapshotsOfLinksToBlobsOpen() throws {
        let directory = try TemporaryDirectory()
        for folder in ["blobs", "snapshot"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/\(folder)", withIntermediateDirectories: false)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: Goldens.path("sharded"))
        for (position, name) in names.enumerated() {
            try directory.write(try Goldens.bytes("sharded/\(name)"), to: "blobs/\(position)")
            try directory.link("snapshot/\(name)", to: "../blobs/\(position)")
        }
        let checkpoint = try Checkpoint.open(path: "\(directory.path)/snapshot")
        #expect(checkpoint.tensors.count == 4)
        #expect(checkpoint.weightFiles.count == 2)
    }
}
