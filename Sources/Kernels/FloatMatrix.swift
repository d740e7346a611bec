import Glibc

/// Activations: a matrix of f32 that operations read and write in place.
///
/// `[rows, columns]`, row-major, each row starting on a cache line unless it is a view into a
/// ``FloatBuffer``. Confined to whoever made it: it is not `Sendable`, and operations on it return
/// only when every worker is done.
@safe public final class FloatMatrix {
    /// Rows held.
    public let rows: Int
    /// Elements of a row.
    public let columns: Int
    /// Floats from one row to the next: `columns`, filled up to a cache line except in views.
    let stride: Int
    let base: UnsafeMutablePointer<Float>
    private let memory: Memory

    /// Whose memory this is.
    private enum Memory {
        case own
        case buffer(FloatBuffer)
        case lent
    }

    /// Makes a matrix of zeros.
    ///
    /// - Parameters:
    ///   - rows: At least 0.
    ///   - columns: At least 0.
    public init(rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0, "[\(rows), \(columns)]")
        self.rows = rows
        self.columns = columns
        memory = .own
        stride = (columns + 15) / 16 * 16
        let bytes = rows * stride * MemoryLayout<Float>.stride
        guard let start = unsafe try? AlignedMemory.allocate(byteCount: bytes) else {
            fatalError("no memory for [\(rows), \(columns)] floats")
        }
        unsafe memset(start, 0, bytes)
        unsafe base = start.assumingMemoryBound(to: Float.self)
    }

    /// Makes a matrix that holds `values`.
    ///
    /// - Parameters:
    ///   - values: Row-major, `rows * columns` of them.
    ///   - rows: At least 0.
    ///   - columns: At least 0.
    public convenience init(_ values: [Float], rows: Int, columns: Int) {
        precondition(values.count == rows * columns, "\(values.count) for [\(rows), \(columns)]")
        self.init(rows: rows, columns: columns)
        for row in 0..<rows {
            setRow(row, to: values[row * columns..<(row + 1) * columns])
        }
    }

    init(viewing buffer: FloatBuffer, at offset: Int, rows: Int, columns: Int) {
        precondition(
            rows >= 0 && columns >= 0 && offset >= 0 && offset + rows * columns <= buffer.count,
            "[\(rows), \(columns)] at \(offset) of \(buffer.count) floats")
        self.rows = rows
        self.columns = columns
        memory = .buffer(buffer)
        stride = columns
        unsafe base = buffer.base + offset
    }

    private init(lent start: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        memory = .lent
        stride = columns
        unsafe base = start
    }

    deinit {
        if case .own = memory { unsafe free(base) }
    }

    /// Makes an array of what `body` writes into a matrix without gaps.
    ///
    /// - Parameters:
    ///   - rows: At least 0.
    ///   - columns: At least 0.
    ///   - body: Writes every element; the matrix may not outlive the call.
    /// - Returns: `[rows, columns]`, row-major.
    public static func floats(
        rows: Int, columns: Int, filledBy body: (FloatMatrix) -> Void
    ) -> [Float] {
        precondition(rows >= 0 && columns >= 0, "[\(rows), \(columns)]")
        let count = rows * columns
        return unsafe [Float](unsafeUninitializedCapacity: max(1, count)) { target, filled in
            guard let start = target.baseAddress else { fatalError("an array without memory") }
            body(unsafe FloatMatrix(lent: start, rows: rows, columns: columns))
            filled = count
        }
    }

    /// Where a row starts.
    func pointer(row: Int) -> UnsafeMutablePointer<Float> {
        unsafe base + row * stride
    }

    private func buffer(row: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition((0..<rows).contains(row), "row \(row) of \(rows)")
        return unsafe UnsafeMutableBufferPointer(start: pointer(row: row), count: columns)
    }

    /// One element.
    public subscript(row: Int, column: Int) -> Float {
        get {
            precondition((0..<columns).contains(column), "column \(column) of \(columns)")
            return unsafe buffer(row: row)[column]
        }
        set {
            precondition((0..<columns).contains(column), "column \(column) of \(columns)")
            unsafe buffer(row: row)[column] = newValue
        }
    }

    /// A copy of one row, `[columns]`.
    public func row(_ row: Int) -> [Float] {
        unsafe Array(buffer(row: row))
    }

    /// A copy of the first `count` rows, `[count, columns]`, row-major without gaps.
    ///
    /// - Parameter count: At most `rows`; nil for all.
    /// - Returns: The values.
    public func floats(rows count: Int? = nil) -> [Float] {
        let count = count ?? rows
        precondition((0...rows).contains(count), "\(count) rows of \(rows)")
        return unsafe [Float](unsafeUninitializedCapacity: count * columns) { target, filled in
            if let start = target.baseAddress, columns > 0 {
                for row in 0..<count {
                    unsafe (start + row * columns).initialize(
                        from: pointer(row: row), count: columns)
                }
            }
            filled = count * columns
        }
    }

    /// Overwrites one row.
    ///
    /// - Parameters:
    ///   - row: Below `rows`.
    ///   - values: `columns` of them.
    public func setRow(_ row: Int, to values: some Collection<Float>) {
        precondition(values.count == columns, "\(values.count) values for \(columns) columns")
        let target = unsafe buffer(row: row)
        _ = unsafe target.update(fromContentsOf: values)
    }

    /// Lends a row to `body` for reading.
    ///
    /// - Parameters:
    ///   - row: Below `rows`.
    ///   - body: Receives `[columns]`.
    /// - Returns: What `body` returns.
    public func withRow<Result>(_ row: Int, _ body: (Span<Float>) -> Result) -> Result {
        let elements = unsafe UnsafeBufferPointer(buffer(row: row))
        return unsafe body(elements.span)
    }

    /// Lends a row to `body` for writing.
    ///
    /// - Parameters:
    ///   - row: Below `rows`.
    ///   - body: Receives `[columns]`.
    /// - Returns: What `body` returns.
    public func withMutableRow<Result>(
        _ row: Int, _ body: (inout MutableSpan<Float>) -> Result
    ) -> Result {
        let elements = unsafe buffer(row: row)
        var span = unsafe elements.mutableSpan
        return body(&span)
    }
}
