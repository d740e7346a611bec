import CKernels

extension KernelContext {
    /// Bytes a second at which all workers together read memory, each its own part of it.
    ///
    /// A buffer that fits a cache measures the cache, one several times larger than the last cache
    /// measures what lies behind it.
    ///
    /// - Parameters:
    ///   - byteCount: Bytes of the buffer, over all workers; it is allocated for this call alone.
    ///   - passes: Samples to take, after one that warms the caches; at least 1.
    ///   - rounds: Times that a sample reads the buffer; at least 1.
    /// - Returns: One figure for each pass.
    public func measuredReadBandwidth(
        byteCount: Int, passes: Int, rounds: Int = 1
    ) -> [Double] {
        let (clock, isa, workers) = (ContinuousClock(), isa, pool.threadCount)
        // Whole groups of the four cache lines that a step reads.
        let columns = max(1, byteCount / workers / 256) * 256 / MemoryLayout<Float>.stride
        let buffer = FloatMatrix(rows: workers, columns: columns)
        let rowBytes = columns * MemoryLayout<Float>.stride
        let row = unsafe RowPointer(buffer, 0, 0)
        var rates: [Double] = []
        for pass in 0...passes {
            let start = clock.now
            pool.run(tasks: workers) { task, _ in
                for _ in 0..<rounds { _ = unsafe ck_read(isa, row[task], rowBytes) }
            }
            guard pass > 0 else { continue }
            let bytes = Double(rowBytes * workers * rounds)
            rates.append(bytes / ((clock.now - start) / .seconds(1)))
        }
        withExtendedLifetime(buffer) {}
        return rates
    }
}
