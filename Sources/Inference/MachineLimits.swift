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
    /// over one of half its size, or the best of a few tries of an arithmetic that has a kernel.
    private mutating func measure(_ bound: Bound, with kernels: KernelContext) {
        switch bound {
        case .memory:
            let large = min(
                max(256 << 20, 6 * cacheByteCount), max(64 << 20, AvailableMemory.byteCount() / 4))
            memory += kernels.measuredReadBandwidth(byteCount: large, passes: 8)
        case .cache:
            cache += kernels.measuredReadBandwidth(
                byteCount: cacheByteCount / 2, passes: 8, rounds: 16)
        case .arithmetic(let arithmetic):
            let peak =
                switch arithmetic {
                case .f32: kernels.measuredPeak() as Double?
                case .bf16: kernels.measuredPairPeak()
                case .int8: kernels.measuredBytePeak()
                }
            if let peak { operations[arithmetic] = max(operations[arithmetic] ?? 0, peak) }
        }
    }

    /// Adds what was measured at another time.
    private mutating func add(_ other: MachineLimits) {
        memory += other.memory
        cache += other.cache
        operations.merge(other.operations, uniquingKeysWith: max)
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
        let moving = roof(of: work, at: residentByteCount <= cacheByteCount / 2 ? .cache : .memory)
        let measured = operations[arithmetic] == nil ? .f32 : arithmetic
        let computing = roof(of: work, at: .arithmetic(measured))
        return moving.seconds >= computing.seconds ? moving : computing
    }

    /// The time of a pass that nothing but `bound` holds up; no time where it was not measured.
    private func roof(of work: DecoderWork, at bound: Bound) -> Roof {
        let seconds =
            switch bound {
            case .memory: Double(work.byteCount) / (memory.max() ?? .infinity)
            case .cache: Double(work.byteCount) / (cache.max() ?? .infinity)
            case .arithmetic(let arithmetic):
                Double(work.productOperationCount) / (operations[arithmetic] ?? .infinity)
                    + Double(work.attentionOperationCount) / (operations[.f32] ?? .infinity)
            }
        return Roof(bound: bound, seconds: seconds)
    }

    /// The same roof as the machine is now: what binds is measured again.
    ///
    /// Neighbours come and go, and bandwidth doubles or halves for minutes; a row is to be judged
    /// by what there was while it ran.
    mutating func presentRoof(
        of work: DecoderWork, residentByteCount: Int, arithmetic: Arithmetic,
        with kernels: KernelContext
    ) -> Roof {
        let bound = roof(
            of: work, residentByteCount: residentByteCount, arithmetic: arithmetic
        ).bound
        var present = MachineLimits(cacheByteCount: cacheByteCount)
        present.measure(bound, with: kernels)
        if case .arithmetic(let products) = bound, products != .f32 {
            // attention's share of the time
            present.measure(.arithmetic(.f32), with: kernels)
        }
        add(present)
        return present.roof(of: work, at: bound)
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
