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

    /// What a pass can be held up by.
    public enum Bound: Sendable, Hashable {
        /// Bytes from memory.
        case memory
        /// Bytes from the largest cache.
        case cache
        /// Operations.
        case arithmetic(Arithmetic)

        /// `memory`, `cache`, or the arithmetic's name.
        public var name: String {
            switch self {
            case .memory: "memory"
            case .cache: "cache"
            case .arithmetic(let arithmetic): arithmetic.rawValue
            }
        }
    }

    /// What holds a pass up where nothing else does.
    public struct Roof: Sendable, Equatable {
        /// What it is.
        public var bound: Bound
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

    /// Adds samples of everything; takes below a second.
    mutating func measure(with kernels: KernelContext) {
        for bound in [.memory, .cache] + Arithmetic.allCases.map(Bound.arithmetic) {
            measure(bound, with: kernels)
        }
    }

    /// Adds samples of one: 8 passes over a buffer several times the size of the largest cache, or
    /// over one of half its size, or the best of a few tries of an arithmetic.
    ///
    /// - Returns: The best of the new samples, in bytes or operations a second; nil for an
    ///   arithmetic that has no kernel here.
    @discardableResult mutating func measure(_ bound: Bound, with kernels: KernelContext) -> Double?
    {
        switch bound {
        case .memory:
            let large = min(
                max(256 << 20, 6 * cacheByteCount), max(64 << 20, AvailableMemory.byteCount() / 4))
            let rates = kernels.measuredReadBandwidth(byteCount: large, passes: 8)
            memory += rates
            return rates.max()
        case .cache:
            let rates = kernels.measuredReadBandwidth(
                byteCount: cacheByteCount / 2, passes: 8, rounds: 16)
            cache += rates
            return rates.max()
        case .arithmetic(let arithmetic):
            let peak =
                switch arithmetic {
                case .f32: kernels.measuredPeak() as Double?
                case .bf16: kernels.measuredPairPeak()
                case .int8: kernels.measuredBytePeak()
                }
            if let peak { operations[arithmetic] = max(operations[arithmetic] ?? 0, peak) }
            return peak
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
            ? Roof(bound: isCached ? .cache : .memory, seconds: moving)
            : Roof(bound: .arithmetic(measured), seconds: computing)
    }

    /// The same roof as the machine is now: what binds is measured again.
    ///
    /// Neighbours come and go, and bandwidth doubles or halves for minutes; a row is to be judged
    /// by what there was while it ran.
    mutating func presentRoof(
        of work: DecoderWork, residentByteCount: Int, arithmetic: Arithmetic,
        with kernels: KernelContext
    ) -> Roof {
        var present = roof(
            of: work, residentByteCount: residentByteCount, arithmetic: arithmetic)
        guard let rate = measure(present.bound, with: kernels) else { return present }
        switch present.bound {
        case .memory, .cache: present.seconds = Double(work.byteCount) / rate
        case .arithmetic(let arithmetic):
            let scalar = arithmetic == .f32 ? rate : measure(.arithmetic(.f32), with: kernels)
            present.seconds =
                Double(work.productOperationCount) / rate
                + Double(work.attentionOperationCount) / (scalar ?? rate)
        }
        return present
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
