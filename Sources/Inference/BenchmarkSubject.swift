import Checkpoints
import Foundation
public import Kernels
import Models

/// A checkpoint loaded for measuring: the network alone, without words and without an engine.
public struct BenchmarkSubject {
    /// The folder's or file's name.
    public let name: String
    /// Threads that compute.
    public let threads: Int
    /// What products with weights are computed in, where it is the same for every matrix; else f32.
    public var arithmetic: MachineLimits.Arithmetic {
        if inspection.packsAllMatrices(as: format, where: \.isInteger) { return .int8 }
        return inspection.packsAllMatrices(as: format) { $0 == .bf16dot } ? .bf16 : .f32
    }
    /// The instructions that compute.
    public let instructionSet: InstructionSet
    /// Its shape, to count its work by.
    public let shape: DecoderShape
    /// What this machine can do at most, as far as ``run(_:report:)`` has found out.
    public private(set) var limits = MachineLimits()
    private let format: WeightFormat
    private let kernels: KernelContext
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
            kernels = try KernelContext(pool: pool)
        } catch {
            throw .checkpoint("\(error)")
        }
        instructionSet = kernels.instructionSet
        format = options.weights
        shape = DecoderShape(
            inspection, weights: options.weights, keyValueType: model.keyValueType)
    }

    /// What is measured, in a line.
    public var summary: String {
        let types = inspection.typeShares.map(\.type.rawValue).joined(separator: ", ")
        let weights = String(format: "%.1f", Double(inspection.weightByteCount) / 1e6)
        let kept = model.keyValueType == .q8_0 ? "int8" : model.keyValueType.rawValue
        return "\(name): \(inspection.config.architecture.modelType), \(types), "
            + "\(weights) MB of weights, KV \(kept), \(threads) threads"
    }

    /// Measures the machine with the workers of the model, then everything in a plan, reporting
    /// each result as soon as it stands; what binds a row is measured again before and after it.
    public mutating func run(
        _ plan: DecoderBenchmark.Plan, report: (DecoderBenchmark.Result) -> Void
    ) {
        var limits = limits
        limits.measure(with: kernels)
        let (kernels, arithmetic) = (kernels, arithmetic)
        let instruments = DecoderBenchmark.Instruments(
            roof: { work, residentByteCount in
                limits.presentRoof(
                    of: work, residentByteCount: residentByteCount, arithmetic: arithmetic,
                    with: kernels)
            }, times: model.timed)
        DecoderBenchmark(model: model, shape: shape, plan: plan, instruments: instruments)
            .run(report: report)
        self.limits = limits
    }
}
