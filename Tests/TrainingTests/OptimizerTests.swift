import Foundation
import Kernels
import Models
import TestSupport
import Testing
import Training

@Suite struct OptimizerTests {
    /// What `optimizer.json` holds.
    struct Golden: Decodable {
        struct Tensor: Decodable {
            let name: String
            let seed: UInt64
            let adam: [Double]
            let muon: [Double]
        }

        let sizes: [Float]
        let factors: [Double]
        let learningRate: Double
        let matrixLearningRate: Double
        let weightDecay: Double
        let norms: [Double]
        let tensors: [Tensor]

        static func read() throws -> Golden {
            let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Fixtures/optimizer.json")
            return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: path))
        }
    }

    /// The parameters after the golden steps.
    static func run(_ golden: Golden, usesMuon: Bool, threads: Int = 2) throws -> TrainableNetwork {
        let network = try TinyNetwork.network(TinyNetwork.config(), rows: 4, threads: threads)
        let ranges = Dictionary(
            uniqueKeysWithValues: network.layout.entries.map { ($0.name, $0.range) })
        var settings = Optimizer.Settings(learningRate: golden.learningRate)
        settings.matrixLearningRate = usesMuon ? golden.matrixLearningRate : nil
        settings.weightDecay = golden.weightDecay
        let optimizer = Optimizer(network: network, settings: settings)
        for tensor in golden.tensors {
            let range = try #require(ranges[tensor.name])
            network.parameters.set(
                uniform(seed: tensor.seed, count: range.count), at: range.lowerBound)
        }
        for (step, size) in golden.sizes.enumerated() {
            for tensor in golden.tensors {
                let range = try #require(ranges[tensor.name])
                let values = uniform(
                    seed: UInt64(1000 * (step + 1)) + tensor.seed, count: range.count)
                network.gradients.set(values.map { $0 * size }, at: range.lowerBound)
            }
            let norm = optimizer.step(number: step + 1, rateFactor: golden.factors[step])
            #expect(abs(norm / golden.norms[step] - 1) < 1e-6)
        }
        return network
    }

    @Test(arguments: [false, true])
    func `steps equal torch's AdamW, and Muon's reference`(usesMuon: Bool) throws {
        let golden = try Golden.read()
        let network = try Self.run(golden, usesMuon: usesMuon)
        #expect(golden.tensors.map(\.name).sorted() == network.layout.entries.map(\.name).sorted())
        var worst = 0.0
        for tensor in golden.tensors {
            let entry = try #require(network.layout.entries.first { $0.name == tensor.name })
            let found = network.parameters.floats(entry.range)
            let expected = usesMuon ? tensor.muon : tensor.adam
            try #require(found.count == expected.count)
            worst = zip(found, expected).reduce(worst) { max($0, abs(Double($1.0) - $1.1)) }
        }
        // measured: 6e-8 and 1.3e-7, of parameters below 1
        #expect(worst <= (usesMuon ? 1e-6 : 3e-7))
    }

    @Test func `steps do not depend on the number of threads`() throws {
        let golden = try Golden.read()
        for usesMuon in [false, true] {
            let bits = try (1...3).map {
                try Self.run(golden, usesMuon: usesMuon, threads: $0).parameters.bits
            }
            for other in bits { #expect(firstDifference(other, bits[0]) == nil) }
        }
    }

    @Test(arguments: [false, true])
    func `without gradients decay takes its share of matrices and embeddings and spares vectors`(
        usesMuon: Bool
    ) throws {
        let network = try TinyNetwork.network(TinyNetwork.config(), rows: 4)
        network.parameters.set([Float](repeating: 1, count: network.layout.count))
        var settings = Optimizer.Settings(learningRate: 0.5)
        settings.matrixLearningRate = usesMuon ? 0.5 : nil
        settings.weightDecay = 0.1
        let optimizer = Optimizer(network: network, settings: settings)
        #expect(optimizer.step(number: 1, rateFactor: 0.5) == 0)
        for entry in network.layout.entries {
            let kept: Float = entry.role == .vector ? 1 : 1 - 0.5 * 0.5 * 0.1
            #expect(network.parameters.floats(entry.range).allSatisfy { $0 == kept })
        }
    }

    @Test func `gradients beyond the clip act as if scaled to it, others as they are`() throws {
        func moments(gradient: Float) throws -> [Float] {
            let network = try TinyNetwork.network(TinyNetwork.config(), rows: 4)
            let count = network.layout.count
            network.gradients.set([Float](repeating: gradient, count: count))
            let optimizer = Optimizer(
                network: network, settings: Optimizer.Settings(learningRate: 0.01))
            let norm = optimizer.step(number: 1, rateFactor: 1)
            #expect(abs(norm / (Double(gradient) * Double(count).squareRoot()) - 1) < 1e-6)
            return optimizer.firstMoments.all.map { $0 * Float(count).squareRoot() / 0.1 }
        }
        #expect(try moments(gradient: 100).allSatisfy { abs($0 - 1) < 1e-5 })
        #expect(try moments(gradient: 1e-4).allSatisfy { $0 < 0.01 })
    }

    @Test func `Muon changes a matrix by one whose singular values are near 1`() throws {
        let network = try TinyNetwork.network(TinyNetwork.config(hiddenSize: 16), rows: 4)
        var settings = Optimizer.Settings(learningRate: 1)
        settings.matrixLearningRate = 1
        settings.clip = 1e9
        let before = network.parameters.all
        network.gradients.set(uniform(seed: 5, count: before.count).map { $0 * 1e-3 })
        _ = Optimizer(network: network, settings: settings).step(number: 1, rateFactor: 1)
        for entry in network.layout.entries where entry.role == .matrix {
            let (rows, columns) = (entry.shape[0], entry.shape[1])
            let change = zip(network.parameters.floats(entry.range), before[entry.range])
                .map { Double($0 - $1) }
            let scale = max(1, Double(rows) / Double(columns)).squareRoot()
            let values = SingularValues.of(change, rows: rows, columns: columns)
                .map { $0 / scale }
            #expect(values.count == min(rows, columns))
            #expect(values.allSatisfy { (0.6...1.25).contains($0) }, "\(entry.name) \(values)")
        }
    }
}

/// Singular values by Jacobi rotations of the smaller Gram matrix.
enum SingularValues {
    static func of(_ matrix: [Double], rows: Int, columns: Int) -> [Double] {
        // One-sided: rotate pairs of the shorter side's vectors until all are orthogonal.
        let isTall = rows > columns
        var vectors = (0..<min(rows, columns)).map { index in
            (0..<max(rows, columns)).map {
                isTall ? matrix[$0 * columns + index] : matrix[index * columns + $0]
            }
        }
        func dot(_ x: [Double], _ y: [Double]) -> Double {
            zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
        }
        for _ in 0..<30 {
            for i in vectors.indices {
                for j in vectors.indices where j > i {
                    let (x, y) = (vectors[i], vectors[j])
                    let mixed = dot(x, y)
                    guard abs(mixed) > 1e-14 else { continue }
                    let angle = 0.5 * atan2(2 * mixed, dot(x, x) - dot(y, y))
                    let (c, s) = (cos(angle), sin(angle))
                    vectors[i] = zip(x, y).map { c * $0 + s * $1 }
                    vectors[j] = zip(x, y).map { c * $1 - s * $0 }
                }
            }
        }
        return vectors.map { dot($0, $0).squareRoot() }
    }
}
