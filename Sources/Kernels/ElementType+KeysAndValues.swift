import CKernels

extension ElementType {
    /// Whether keys and values can be kept as this: f32, f16, bf16 and q8_0.
    public var holdsKeysAndValues: Bool { isPlain || self == .q8_0 }

    /// The bytes of one head's key, or value, of `headDim` elements in a ``KVPageStore``.
    ///
    /// q8_0 has a scale for each 32 of them, the last perhaps fewer.
    public func cachedByteCount(headDim: Int) -> Int {
        Int(ck_cached_bytes(code, 1, headDim))
    }
}
