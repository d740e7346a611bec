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

    private var scratch: [UnsafeMutablePointer<Float>]
    private var scratchCount: Int
    private var inputs: UnsafeMutablePointer<ck_input_group>?
    private var inputCount = 0

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
        unsafe inputs = nil
    }

    deinit {
        unsafe scratch.forEach { unsafe free($0) }
        unsafe free(inputs)
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

    /// Room for `count` groups of rounded inputs, valid until the next call.
    func inputGroups(count: Int) -> UnsafeMutablePointer<ck_input_group> {
        if let inputs = unsafe inputs, count <= inputCount { return unsafe inputs }
        unsafe free(inputs)
        inputCount = max(count, 1 << 10)
        guard
            let memory = unsafe try? AlignedMemory.allocate(
                byteCount: inputCount * MemoryLayout<ck_input_group>.stride)
        else { fatalError("no memory for \(inputCount) groups of inputs") }
        let groups = unsafe memory.assumingMemoryBound(to: ck_input_group.self)
        unsafe inputs = groups
        return unsafe groups
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
