import Foundation
import Kernels
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct SafetensorsWriterTests {
    private let directory: TemporaryDirectory
    private var path: String { "\(directory.path)/model.safetensors" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path) }
    }

    @Test func whatIsWrittenIsReadBackForAnyShapesTypesAndNames() throws {
        var generator = SeededGenerator(seed: 5)
        for round in 0..<60 {
            var tensors: [(name: String, tensor: TensorView)] = []
            for position in 0..<Int.random(in: 0...6, using: &generator) {
                let shape = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                    Int.random(in: 0...5, using: &generator)
                }
                let values = (0..<shape.reduce(1, *)).map { _ in
                    Float.random(in: -9...9, using: &generator)
                }
                let types: [ElementType] = [.f32, .f16, .bf16]
                let type = try #require(types.randomElement(using: &generator))
                let view = try TensorView(values, shape: shape).converted(to: type)
                let name =
                    "\(position) \"q\\\"\u{1}\n\u{7f}é😀/\(UInt8.random(in: 0...9, using: &generator))"
                tensors.append((name, view))
            }
            let metadata = ["format": "pt", "round\t": "\(round)\"\\"]
            try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
            let checkpoint = try Checkpoint.open(path: path)
            #expect(checkpoint.metadata == metadata)
            #expect(checkpoint.tensorNames == tensors.map(\.name))
            for (name, tensor) in tensors {
                let view = try checkpoint.require(
                    name, shape: tensor.shape, types: [tensor.elementType])
                #expect(view.floats() == tensor.floats())
            }
            #expect(try names == ["model.safetensors"])
        }
    }

    @Test func dataStartsOnAMultipleOfEight() throws {
        for count in 1...9 {
            let name = String(repeating: "n", count: count)
            try SafetensorsWriter.write([(name, try TensorView([1], shape: [1]))], to: path)
            let info = try #require(try Checkpoint.open(path: path).tensors.first)
            #expect(info.byteRange.lowerBound % 8 == 0)
        }
    }

    @Test func bytesMayComeInAnyPieces() throws {
        var writer = try SafetensorsWriter(
            path: path,
            tensors: [
                .init(name: "a", type: .f32, shape: [2]), .init(name: "b", type: .bf16, shape: [3]),
            ])
        let bytes = (0..<14).map { UInt8($0) }
        try writer.append(bytes.span.extracting(0..<5))
        try writer.append(bytes.span.extracting(5..<5))
        try writer.append(bytes.span.extracting(5..<14))
        try writer.finish()
        let checkpoint = try Checkpoint.open(path: path)
        let end = try #require(checkpoint.info(named: "b")).byteRange.upperBound
        let contents = try RegularFile(path: path).contents(limit: 1_000)
        #expect(Array(contents[(end - 14)..<end]) == bytes)
    }

    @Test func untilItIsFinishedThePathHoldsTheOldFile() throws {
        try SafetensorsWriter.write([("old", try TensorView([1], shape: [1]))], to: path)
        do {
            let declarations = [SafetensorsWriter.Declaration(name: "new", type: .f32, shape: [2])]
            var writer = try SafetensorsWriter(path: path, tensors: declarations)
            try writer.append([1, 2, 3, 4].span)
            #expect(try Checkpoint.open(path: path).tensorNames == ["old"])
            #expect(try names.count == 2)
        }
        #expect(try names == ["model.safetensors"], "a dropped writer leaves nothing behind")
        #expect(try Checkpoint.open(path: path).tensorNames == ["old"])
    }

    @Test func tooFewAndTooManyBytesAreErrors() throws {
        let declarations = [SafetensorsWriter.Declaration(name: "a", type: .f32, shape: [1])]
        var writer = try SafetensorsWriter(path: path, tensors: declarations)
        var wasRefused = false
        do { try writer.append([1, 2, 3, 4, 5].span) } catch { wasRefused = true }
        #expect(wasRefused)
        try writer.append([1, 2, 3].span)
        wasRefused = false
        do { try writer.finish() } catch { wasRefused = true }
        #expect(wasRefused)
        #expect(try names.isEmpty)
    }

    @Test func whatTheFormatCannotHoldIsRefused() throws {
        typealias Declaration = SafetensorsWriter.Declaration
        let bad: [[Declaration]] = [
            [Declaration(name: "q", type: .q8_0, shape: [32])],
            [Declaration(name: "a", type: .f32, shape: [-1])],
            [Declaration(name: "a", type: .f32, shape: [Int.max, 2])],
            [
                Declaration(name: "a", type: .f32, shape: [1 << 60]),
                Declaration(name: "b", type: .f32, shape: [1 << 60]),
            ],
            [
                Declaration(name: "a", type: .f32, shape: []),
                Declaration(name: "a", type: .f32, shape: []),
            ],
            [Declaration(name: "__metadata__", type: .f32, shape: [])],
        ]
        for declarations in bad {
            var error: CheckpointError?
            do throws(CheckpointError) {
                let writer = try SafetensorsWriter(path: path, tensors: declarations)
                try writer.finish()
            } catch let failure {
                error = failure
            }
            #expect(error != nil)
        }
        var error: CheckpointError?
        do throws(CheckpointError) {
            try SafetensorsWriter.write([], to: "\(directory.path)/no/such/place")
        } catch let failure {
            error = failure
        }
        #expect(error?.description.contains("No such file") == true)
        #expect(try names.isEmpty)
    }
}
