import Foundation
import Kernels

/// What the machine can do at most, as measured by the workers that the model uses.
public struct MachineLimits: Sendable {
    /// What products are computed in.
    public enum Arithmetic: String, Sendable, CaseIterable {
        /// Multiply-adds of 32-bit floats.
        case f32
        /// Dot products of bf16 pairs.
        case bf16
        /// Dot products of 8-bit integers.
        case int8
    }

    /// What holds a pass up where nothing else does.
    public struct Roof: Sendable, Equatable {
        /// `memory`, `cache`, or the arithmetic's name.
        public var name: String
        /// The least time that the pass takes.
        public var seconds: Double
    }

    /// Bytes of the largest cache.
    public let cacheByteCount: Int
    /// Bytes a second from memory, one figure a pass.
    public private(set) var memory: [Double] = []
    /// Bytes a second from the largest cache, one figure a pass.
    public private(set) var cache: [Double] = []
    /// Operations a second in registers alone; what has no kernel here is absent.
    public private(set) var operations: [Arithmetic: Double] = [:]

    /// Limits that were found elsewhere.
    init(
        cacheByteCount: Int, memory: [Double], cache: [Double],
        operations: [Arithmetic: Double]
    ) {
        self.cacheByteCount = cacheByteCount
        self.memory = memory
        self.cache = cache
        self.operations = operations
    }

    /// Nothing measured yet.
    init(cacheByteCount: Int = Self.largestCacheByteCount()) {
        self.init(cacheByteCount: cacheByteCount, memory: [], cache: [], operations: [:])
    }

    /// Adds samples: 8 passes over a buffer several times the size of the largest cache, and 8 over
    /// one of half its size; takes below a second.
    mutating func measure(with kernels: KernelContext) {
        let large = min(
            max(256 << 20, 6 * cacheByteCount), max(64 << 20, AvailableMemory.byteCount() / 4))
        memory += kernels.measuredReadBandwidth(byteCount: large, passes: 8)
        cache += kernels.measuredReadBandwidth(
            byteCount: cacheByteCount / 2, passes: 8, rounds: 16)
        operations[.f32] = max(operations[.f32] ?? 0, kernels.measuredPeak())
        for (arithmetic, peak) in [
            (Arithmetic.int8, kernels.measuredBytePeak()), (.bf16, kernels.measuredPairPeak()),
        ] {
            guard let peak else { continue }
            operations[arithmetic] = max(operations[arithmetic] ?? 0, peak)
        }
    }

    /// The roof of a pass: its bytes at the best bandwidth seen, or its operations at the peak,
    /// whichever takes longer.
    ///
    /// - Parameters:
    ///   - work: What the pass does.
    ///   - residentByteCount: What it reads again in the next pass; up to half of the largest cache
    ///     it is taken to stay there.
    ///   - arithmetic: What products with weights are computed in; attention is computed in f32.
    ///     Without a measured peak f32's counts.
    /// - Returns: Which binds, and the time.
    public func roof(
        of work: DecoderWork, residentByteCount: Int, arithmetic: Arithmetic
    ) -> Roof {
        let isCached = residentByteCount <= cacheByteCount / 2
        let bandwidth = (isCached ? cache : memory).max() ?? .infinity
        let measured = operations[arithmetic] == nil ? .f32 : arithmetic
        let moving = Double(work.byteCount) / bandwidth
        let computing =
            Double(work.productOperationCount) / (operations[measured] ?? .infinity)
            + Double(work.attentionOperationCount) / (operations[.f32] ?? .infinity)
        return moving >= computing
            ? Roof(name: isCached ? "cache" : "memory", seconds: moving)
            : Roof(name: measured.rawValue, seconds: computing)
    }

    /// Bytes of the largest cache of the first processor; 32 MiB where the system does not say.
    static func largestCacheByteCount(
        folder: String = "/sys/devices/system/cpu/cpu0/cache"
    ) -> Int {
        let sizes = (0..<8).compactMap { index -> Int? in
            guard
                let text = try? String(
                    contentsOfFile: "\(folder)/index\(index)/size", encoding: .utf8)
            else { return nil }
            let word = text.trimmingCharacters(in: .whitespacesAndNewlines)
            guard let number = Int(word.prefix { $0.isNumber }), number > 0 else { return nil }
            let (size, overflow) = number.multipliedReportingOverflow(
                by: word.hasSuffix("M") ? 1 << 20 : word.hasSuffix("K") ? 1 << 10 : 1)
            return overflow ? nil : size
        }
        return sizes.max() ?? 32 << 20
    }
}
