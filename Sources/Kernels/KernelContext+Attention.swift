import CKernels

/// Some consecutive tokens of one sequence within a batch.
public struct SequenceRows: Sendable {
    /// Which rows of the batch's matrices.
    public var rows: Range<Int>
    /// The position of the first of them in its sequence.
    public var position: Int
    /// Pages of the sequence in order of position; must cover `position + rows.count` tokens.
    public var blockTable: [Int32]

    /// Describes the rows.
    public init(rows: Range<Int>, position: Int, blockTable: [Int32]) {
        self.rows = rows
        self.position = position
        self.blockTable = blockTable
    }
}

extension KernelContext {
    /// Rounds keys and values to the store's type and writes them into the sequences' pages.
    ///
    /// - Parameters:
    ///   - x: Keys and values, `[tokens, kvHeads, headDim]` each.
    ///   - keyColumn: First column of the keys.
    ///   - valueColumn: First column of the values.
    ///   - items: Where the rows belong; no two of them share a page they write.
    ///   - layer: Which layer.
    ///   - pages: The memory.
    public func writeKeysAndValues(
        _ x: FloatMatrix, keyColumn: Int, valueColumn: Int, items: [SequenceRows], layer: Int,
        pages: KVPageStore
    ) {
        let (headDim, heads, size) = (pages.headDim, pages.kvHeadCount, pages.pageSize)
        let source = unsafe RowPointer(x, 0, 0)
        let base = unsafe UncheckedMutablePointer(pages.pointer(layer: layer, kvHead: 0))
        let (isa, code) = (isa, pages.elementType.code)
        let (pageBytes, headBytes) = (pages.pageBytes, 2 * pages.halfBytes)
        var places: [CachePlace] = []
        for item in items {
            Self.check(x, item.rows, keyColumn..<keyColumn + heads * headDim)
            Self.check(x, item.rows, valueColumn..<valueColumn + heads * headDim)
            Self.check(item, pages)
            for (index, row) in item.rows.enumerated() {
                let position = item.position + index
                let page = Int(item.blockTable[position / size])
                places.append(CachePlace(row: row, page: page, slot: position % size))
            }
        }
        // A key is written to as many cache lines as it has dimensions, mostly from afar.
        forRows(places.count, cost: 16 * heads * headDim) { [places] share in
            for place in places[share] {
                for head in 0..<heads {
                    let bytes = unsafe base.pointer + place.page * pageBytes + head * headBytes
                    unsafe ck_write_key(
                        isa, code, source[place.row] + keyColumn + head * headDim, headDim, bytes,
                        size, place.slot)
                    unsafe ck_write_value(
                        isa, code, source[place.row] + valueColumn + head * headDim, headDim,
                        bytes, size, place.slot)
                }
            }
        }
        withExtendedLifetime((x, pages)) {}
        lap(.caching)
    }

    /// Causal attention over paged keys and values, query heads grouped by key-value head.
    ///
    /// The keys and values of the rows themselves must have been written before.
    ///
    /// - Parameters:
    ///   - x: Queries, `[tokens, headCount, headDim]` from `queryColumn` on.
    ///   - queryColumn: First column of the queries.
    ///   - headCount: Query heads, a multiple of the store's key-value heads.
    ///   - items: Which rows belong to which sequence.
    ///   - layer: Which layer.
    ///   - pages: Keys and values.
    ///   - scale: Multiplies every score.
    ///   - slidingWindow: How many keys a position sees, itself included; nil for all.
    ///   - out: Receives `[tokens, headCount, headDim]` in the same rows, from column 0.
    public func attention(
        _ x: FloatMatrix, queryColumn: Int = 0, headCount: Int, items: [SequenceRows], layer: Int,
        pages: KVPageStore, scale: Float, slidingWindow: Int? = nil, into out: FloatMatrix
    ) {
        let (headDim, heads) = (pages.headDim, pages.kvHeadCount)
        precondition(headCount > 0 && headCount % heads == 0, "\(headCount) heads on \(heads)")
        precondition(slidingWindow.map { $0 > 0 } ?? true, "an empty window")
        precondition(x !== out, "attention cannot overwrite its input")
        let group = headCount / heads
        var tasks: [AttentionTask] = []
        var tables: [Int32] = []
        var scratchCount = 0
        for item in items {
            Self.check(x, item.rows, queryColumn..<queryColumn + headCount * headDim)
            Self.check(out, item.rows, 0..<headCount * headDim)
            Self.check(item, pages)
            let longest = item.position + item.rows.count
            // tokens of a block read each key once; their scores should stay in the second cache
            let block = max(1, min(8, 65536 / (group * longest)))
            var first = 0
            while first < item.rows.count {
                let count = min(block, item.rows.count - first)
                for head in 0..<heads {
                    tasks.append(
                        AttentionTask(
                            row: item.rows.lowerBound + first, position: item.position + first,
                            count: count, table: tables.count, kvHead: head))
                }
                let keys = item.position + first + count
                scratchCount = max(
                    scratchCount, Int(ck_attention_scratch(count, group, headDim, keys)))
                first += count
            }
            tables += item.blockTable
        }
        let scratch = unsafe scratch(count: scratchCount)
        var arguments = unsafe ck_attention_args()
        unsafe arguments.q_stride = x.stride
        unsafe arguments.out_stride = out.stride
        unsafe arguments.group = group
        unsafe arguments.head_dim = headDim
        unsafe arguments.window = slidingWindow ?? 0
        unsafe arguments.page_bytes = pages.pageBytes
        unsafe arguments.page_size = pages.pageSize
        unsafe arguments.scale = scale
        unsafe arguments.type = pages.elementType.code
        let count = tasks.count
        // Tasks read the arrays through their pointers: counting references to them from several
        // threads would take as long as a short sequence's scores.
        unsafe tables.withUnsafeBufferPointer { tables in
            unsafe tasks.withUnsafeBufferPointer { tasks in
                let call = unsafe AttentionCall(
                    arguments: arguments, isa: isa, scratch: scratch, tasks: tasks, tables: tables,
                    queries: RowPointer(x, 0, queryColumn), out: RowPointer(out, 0, 0),
                    base: pages.pointer(layer: layer, kvHead: 0), headBytes: 2 * pages.halfBytes,
                    width: group * headDim)
                pool.run(tasks: count) { index, worker in
                    // late tasks see more keys: begin with them, so that none is left for the end
                    unsafe call.run(count - 1 - index, worker: worker)
                }
            }
        }
        withExtendedLifetime((x, out, pages)) {}
        lap(.attention)
    }

    /// Traps unless an item's pages exist and cover it.
    private static func check(_ item: SequenceRows, _ pages: KVPageStore) {
        precondition(item.position >= 0, "position \(item.position)")
        let needed = (item.position + item.rows.count + pages.pageSize - 1) / pages.pageSize
        precondition(
            needed <= item.blockTable.count, "\(item.blockTable.count) pages of \(needed)")
        for page in item.blockTable.prefix(needed) {
            precondition(
                page >= 0 && Int(page) < pages.pageCount, "page \(page) of \(pages.pageCount)")
        }
    }
}

/// Where the key and the value of a row go.
private struct CachePlace: Sendable {
    let row: Int
    let page: Int
    let slot: Int
}

/// Some tokens of an item and one key-value head.
private struct AttentionTask: Sendable {
    let row: Int
    let position: Int
    let count: Int
    /// Where the item's pages begin among those of all items.
    let table: Int
    let kvHead: Int
}

/// One attention operation, to be run task by task.
///
/// Safe to send: `attention` keeps every operand alive and waits, and tasks write disjoint parts.
@unsafe private struct AttentionCall: @unchecked Sendable {
    let arguments: ck_attention_args
    let isa: Int32
    let scratch: WorkerScratch
    let tasks: UnsafeBufferPointer<AttentionTask>
    let tables: UnsafeBufferPointer<Int32>
    let queries: RowPointer
    let out: RowPointer
    let base: UnsafeMutableRawPointer
    let headBytes: Int
    let width: Int

    func run(_ index: Int, worker: Int) {
        let task = unsafe tasks[index]
        var share = unsafe arguments
        unsafe share.q = UnsafePointer(queries[task.row] + task.kvHead * width)
        unsafe share.out = unsafe out[task.row] + task.kvHead * width
        unsafe share.tokens = task.count
        unsafe share.position = task.position
        unsafe share.pages = UnsafeRawPointer(base + task.kvHead * headBytes)
        unsafe share.scratch = scratch.buffers[worker]
        unsafe share.table = tables.baseAddress.map { unsafe $0 + task.table }
        unsafe ck_attention(isa, &share)
    }
}
