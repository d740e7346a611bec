import Models

extension LoadOptions {
    /// Refuses what does not fit into the memory that is free, before the kernel ends the process.
    ///
    /// - Parameters:
    ///   - inspection: The checkpoint, or the first of a family.
    ///   - byteCount: Bytes of weights beside mapped files; those the kernel can give up.
    ///   - path: What is loaded.
    ///   - free: The memory.
    /// - Throws: `ModelLoadingError.insufficientMemory` with what is needed, what there is and
    ///   whose limit that is.
    func checkMemory(
        for inspection: ModelInspection, copies byteCount: Int, at path: String,
        free: AvailableMemory = .now()
    ) throws(ModelLoadingError) {
        let cache = keyValueMemory.map { min($0, mostCacheByteCount(inspection)) } ?? 0
        guard byteCount + cache > free.byteCount else { return }
        throw .insufficientMemory(
            path: path,
            message: "the weights take \(byteCount) bytes of memory"
                + (cache > 0 ? " and the KV cache \(cache)" : "")
                + "; \(free.limit) leaves \(free.byteCount) bytes; expected more memory, --weights "
                + "that take less (stored takes none), or a smaller --kv-memory")
    }

    /// What keys and values get where nothing was said, over all that is loaded.
    func usualKeyValueMemory(_ inspection: ModelInspection) -> Int {
        let free = AvailableMemory.byteCount()
        return min(free / 4, max(0, free - inspection.copiedByteCount(as: weights)) / 2)
    }

    /// The most that a KV cache takes, whatever it is given.
    private func mostCacheByteCount(_ inspection: ModelInspection) -> Int {
        let perToken = inspection.config.keyValueByteCount(
            perTokenAs: keyValueType ?? inspection.keyValueType)
        let context = min(contextLength ?? .max, inspection.config.contextLength)
        let (most, overflow) = perToken.multipliedReportingOverflow(
            by: context * ModelOptions.maximumSequenceCount)
        return overflow ? .max : most
    }
}
