import Checkpoints
import Foundation
import Kernels
import Models

/// A checkpoint loaded for measuring: the network alone, without words and without an engine.
public struct BenchmarkSubject {
    /// The folder's or file's name.
    public let name: String
    /// Threads that compute.
    public let threads: Int
    private let model: Transformer
    private let inspection: ModelInspection

    /// Loads a checkpoint.
    ///
    /// - Parameters:
    ///   - path: Where it lies.
    ///   - options: How to load and run it.
    /// - Throws: `ModelLoadingError` naming what is wrong.
    public init(path: String, options: LoadOptions) throws(ModelLoadingError) {
        let pool = try options.pool()
        threads = pool.threadCount
        name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
        do {
            let checkpoint = try Checkpoint.open(path: path)
            inspection = try ModelInspection(checkpoint)
            model = try Transformer.load(
                checkpoint, pool: pool, options: options.model(for: inspection, shareCount: 1))
        } catch {
            throw .checkpoint("\(error)")
        }
    }

    /// What is measured, in a line.
    public var summary: String {
        let types = inspection.typeShares.map(\.type.rawValue).joined(separator: ", ")
        let weights = String(format: "%.1f", Double(inspection.weightByteCount) / 1e6)
        return "\(name): \(inspection.config.architecture.modelType), \(types), "
            + "\(weights) MB of weights, KV \(model.keyValueType.rawValue), \(threads) threads"
    }

    /// Measures everything in a plan, reporting each result as soon as it stands.
    public func run(_ plan: DecoderBenchmark.Plan, report: (DecoderBenchmark.Result) -> Void) {
        DecoderBenchmark(model: model, plan: plan).run(report: report)
    }
}
