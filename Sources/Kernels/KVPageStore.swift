import CKernels
import Glibc

/// Memory for the keys and values of every layer, in pages of some tokens.
///
///     [layer][page][kvHead][ keys: headDim, slot | values: slot, headDim ]
///
/// Of q8_0, scales of 32 dimensions follow the keys and the values, `[group, slot]` both.
///
/// The whole store is reserved at once; pages cost memory when they are first written. Which page
/// belongs to whom is the caller's to know. Not `Sendable`: confined like `FloatMatrix`.
@safe public final class KVPageStore {
    /// f32, f16, bf16 or q8_0.
    public let elementType: ElementType
    /// Layers.
    public let layerCount: Int
    /// Pages of every layer.
    public let pageCount: Int
    /// Tokens of a page.
    public let pageSize: Int
    /// Key-value heads of a layer.
    public let kvHeadCount: Int
    /// Elements of a key, and of a value.
    public let headDim: Int
    /// Bytes reserved.
    public let byteCount: Int

    private let base: UnsafeMutableRawPointer

    /// Far beyond any model, and far from where byte counts would overflow.
    private static let largestHeadDim = 1 << 32

    /// Reserves the memory.
    ///
    /// - Parameters:
    ///   - elementType: f32, f16, bf16 or q8_0.
    ///   - layerCount: Layers.
    ///   - pageCount: Pages of every layer.
    ///   - pageSize: Tokens of a page.
    ///   - kvHeadCount: Key-value heads of a layer.
    ///   - headDim: Elements of a key.
    /// - Throws: `unsupportedCacheType`, `invalidShape` or `outOfMemory`.
    public init(
        elementType: ElementType = .f16, layerCount: Int, pageCount: Int, pageSize: Int = 16,
        kvHeadCount: Int, headDim: Int
    ) throws(KernelError) {
        guard elementType.holdsKeysAndValues else { throw .unsupportedCacheType(elementType) }
        let shape = [layerCount, pageCount, pageSize, kvHeadCount, headDim]
        guard (1...Self.largestHeadDim).contains(headDim) else { throw .invalidShape(shape) }
        var bytes = 2 * elementType.cachedByteCount(headDim: headDim)
        for dimension in shape.dropLast() {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
            guard dimension > 0, !overflow else { throw .invalidShape(shape) }
            bytes = product
        }
        guard
            let memory = unsafe mmap(
                nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                -1, 0), unsafe memory != MAP_FAILED
        else { throw .outOfMemory(byteCount: bytes) }
        // refused where huge pages are off, which costs speed only
        unsafe madvise(memory, bytes, MADV_HUGEPAGE)
        unsafe base = memory
        self.elementType = elementType
        self.layerCount = layerCount
        self.pageCount = pageCount
        self.pageSize = pageSize
        self.kvHeadCount = kvHeadCount
        self.headDim = headDim
        byteCount = bytes
    }

    deinit {
        unsafe munmap(base, byteCount)
    }

    /// Bytes that one cached token takes over all layers.
    public var bytesPerToken: Int { byteCount / (pageCount * pageSize) }

    /// Bytes of one head's keys, or values, in one page.
    var halfBytes: Int { pageSize * elementType.cachedByteCount(headDim: headDim) }

    /// Bytes from one page of a layer to the next.
    var pageBytes: Int { kvHeadCount * 2 * halfBytes }

    /// Where page 0 of a layer keeps the keys of a head.
    func pointer(layer: Int, kvHead: Int) -> UnsafeMutableRawPointer {
        precondition((0..<layerCount).contains(layer), "layer \(layer) of \(layerCount)")
        return unsafe base + layer * pageCount * pageBytes + kvHead * 2 * halfBytes
    }
}
