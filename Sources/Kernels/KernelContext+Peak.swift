import CKernels

extension KernelContext {
    /// Operations a second that the workers reach with multiply-adds of f32 in registers alone:
    /// the ceiling of every product of floats here.
    ///
    /// Takes some 30 milliseconds; the best of a few tries, since others may use the machine.
    public func measuredPeak() -> Double {
        let isa = isa
        return unsafe measuredPeak { rounds, out in unsafe ck_multiply_adds(isa, rounds, out) }
    }

    /// The same for products of 8-bit integers, the ceiling of products with packed weights.
    ///
    /// Without dot products of its own an instruction set multiplies to pairs and adds these.
    ///
    /// - Returns: nil where the instruction set has neither.
    public func measuredBytePeak() -> Double? {
        let isa = isa
        let peak = unsafe measuredPeak { rounds, out in
            unsafe ck_byte_multiply_adds(isa, rounds, out)
        }
        return peak > 0 ? peak : nil
    }

    /// Operations a second of dot products of bf16 pairs, measured likewise.
    ///
    /// - Returns: nil where the instruction set has none.
    public func measuredPairPeak() -> Double? {
        let isa = isa
        let peak = unsafe measuredPeak { rounds, out in
            unsafe ck_pair_multiply_adds(isa, rounds, out)
        }
        return peak > 0 ? peak : nil
    }

    private func measuredPeak(
        _ body: @escaping @Sendable (_ rounds: Int, _ out: UnsafeMutablePointer<Float>) -> Int
    ) -> Double {
        let (clock, rounds, workers) = (ContinuousClock(), 400_000, pool.threadCount)
        let results = FloatMatrix(rows: workers, columns: 16)
        let row = unsafe RowPointer(results, 0, 0)
        let operations = unsafe body(1, row[0]) * rounds * workers
        var peak = 0.0
        for _ in 0..<5 {
            let start = clock.now
            pool.run(tasks: workers) { task, _ in
                _ = unsafe body(rounds, row[task])
            }
            peak = max(peak, Double(operations) / ((clock.now - start) / .seconds(1)))
        }
        withExtendedLifetime(results) {}
        return peak
    }
}
