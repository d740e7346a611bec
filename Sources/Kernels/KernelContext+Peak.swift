import CKernels

extension KernelContext {
    /// Operations a second that the workers reach with multiply-adds of f32 in registers alone:
    /// the ceiling of every product here.
    ///
    /// Takes some 30 milliseconds; the best of a few tries, since others may use the machine.
    public func measuredPeak() -> Double {
        let (clock, isa, rounds) = (ContinuousClock(), isa, 400_000)
        let workers = pool.threadCount
        let results = FloatMatrix(rows: workers, columns: 16)
        let row = unsafe RowPointer(results, 0, 0)
        let operations = unsafe ck_multiply_adds(isa, 1, row[0]) * rounds * workers
        var peak = 0.0
        for _ in 0..<5 {
            let start = clock.now
            pool.run(tasks: workers) { task, _ in
                _ = unsafe ck_multiply_adds(isa, rounds, row[task])
            }
            peak = max(peak, Double(operations) / ((clock.now - start) / .seconds(1)))
        }
        withExtendedLifetime(results) {}
        return peak
    }
}
