import CKernels
import Glibc

/// The operations of a forward pass, each over a whole batch and all workers.
///
/// Every result is fixed by the values and shapes of its own row: not by the number of rows or
/// threads, the instruction set or how work was divided. Shapes that do not fit are broken
/// invariants and trap. Confined to one thread at a time, like the matrices it works on.
@safe public final class KernelContext {
    /// The threads that do the work.
    public let pool: WorkerPool
    /// The instructions that do the work.
    public let instructionSet: InstructionSet

    /// Counts where time goes, while somebody wants to know.
    var operationClock: OperationClock?

    private var scratch: [UnsafeMutablePointer<Float>]
    private var scratchCount: Int
    private var groups: GrowingMemory
    private var words: GrowingMemory

    /// Takes workers and an instruction set.
    ///
    /// - Parameters:
    ///   - pool: The threads to use.
    ///   - instructionSet: An available one; nil for what the environment variable `LACONIC_ISA`
    ///     names, or the fastest.
    /// - Throws: `instructionSetUnavailable`.
    public init(
        pool: WorkerPool, instructionSet: InstructionSet? = nil
    ) throws(KernelError) {
        let set = if let instructionSet { instructionSet } else { try InstructionSet.configured() }
        guard set.isAvailable else {
            throw .instructionSetUnavailable(
                name: set.rawValue, available: InstructionSet.available)
        }
        self.pool = pool
        self.instructionSet = set
        unsafe scratch = []
        scratchCount = 0
        unsafe groups = GrowingMemory()
        unsafe words = GrowingMemory()
    }

    deinit {
        unsafe scratch.forEach { unsafe free($0) }
        unsafe free(groups.start)
        unsafe free(words.start)
    }

    /// The number of the instruction set in C.
    var isa: Int32 { instructionSet.code }

    /// Elements below which waking the workers costs more than it saves.
    static let smallWork = 16384

    /// Gives every worker at least `count` floats of its own.
    ///
    /// - Parameter count: How many.
    /// - Returns: One buffer per worker, valid until the next call.
    func scratch(count: Int) -> WorkerScratch {
        if count > scratchCount {
            unsafe scratch.forEach { unsafe free($0) }
            unsafe scratch = []
            scratchCount = max(count, 1 << 16)
            for _ in 0..<pool.threadCount {
                guard
                    let memory = unsafe try? AlignedMemory.allocate(
                        byteCount: scratchCount * MemoryLayout<Float>.stride)
                else { fatalError("no memory for \(scratchCount) floats of scratch") }
                unsafe scratch.append(memory.assumingMemoryBound(to: Float.self))
            }
        }
        return unsafe WorkerScratch(buffers: scratch, count: scratchCount)
    }

    /// Room for rounded inputs, valid until the next call for the same kind.
    ///
    /// - Parameters:
    ///   - byteCount: How much.
    ///   - ofIntegers: Whether they are groups of bytes, or words of bf16.
    /// - Returns: Memory at a multiple of 64.
    func inputMemory(byteCount: Int, ofIntegers: Bool) -> UnsafeMutableRawPointer {
        unsafe ofIntegers ? groups.room(byteCount) : words.room(byteCount)
    }

    /// Runs `body` over shares of `count` rows, alone when the work is small.
    ///
    /// - Parameters:
    ///   - count: How many rows.
    ///   - cost: Elements per row.
    ///   - body: Receives a share.
    func forRows(
        _ count: Int, cost: Int, _ body: @escaping @Sendable (Range<Int>) -> Void
    ) {
        guard count > 0 else { return }
        if count == 1 || count * cost < Self.smallWork {
            body(0..<count)
        } else {
            pool.split(count) { range, _ in body(range) }
        }
    }

    /// Traps unless `rows` and `columns` lie inside of `matrix`.
    static func check(_ matrix: FloatMatrix, _ rows: Range<Int>, _ columns: Range<Int>) {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= matrix.rows && columns.lowerBound >= 0
                && columns.upperBound <= matrix.columns,
            "[\(rows), \(columns)] of a matrix [\(matrix.rows), \(matrix.columns)]")
    }
}

/// Buffers that tasks use by the number of their worker.
///
/// Safe to send: the buffers outlive the region, and one worker runs one task at a time.
@unsafe struct WorkerScratch: @unchecked Sendable {
    let buffers: [UnsafeMutablePointer<Float>]
    let count: Int
}

/// Memory that is only ever replaced by more; whoever has it frees it.
@unsafe private struct GrowingMemory {
    private(set) var start: UnsafeMutableRawPointer?
    private var byteCount = 0

    mutating func room(_ wanted: Int) -> UnsafeMutableRawPointer {
        if let start = unsafe start, unsafe wanted <= byteCount { return unsafe start }
        unsafe free(start)
        unsafe byteCount = max(wanted, 1 << 16)
        guard let memory = unsafe try? AlignedMemory.allocate(byteCount: byteCount) else {
            fatalError("no memory for \(wanted) bytes of inputs")
        }
        unsafe start = memory
        return unsafe memory
    }
}
