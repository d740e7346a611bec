import CKernels
import Synchronization

/// Weights rearranged so that products run down columns: panels of 16 rows, see `ckernels.h`.
public struct PackedMatrix: Sendable {
    /// Rows of a panel.
    static let panelRows = 16

    /// Panels that so many rows take; the last may have room left.
    static func panelCount(rows: Int) -> Int { (rows + panelRows - 1) / panelRows }

    /// How the weights are kept.
    public let format: PackedFormat
    /// Output features.
    public let rows: Int
    /// Input features, whole groups of the format's.
    public let columns: Int

    private let storage: ByteStorage

    /// Packs a matrix; values that the format cannot hold are rounded.
    ///
    /// nil where columns are no whole groups or, of integers, a weight is no number or f16 cannot
    /// hold a scale.
    ///
    /// - Parameters:
    ///   - view: `[rows, columns]` of any type; not read afterwards.
    ///   - format: How to keep it; see ``ElementType/packedFormat``
    ///     for what is lost.
    ///   - pool: Workers to spread the panels over; nil to use this thread alone.
    ///   - instructionSet: What to pack with; the result does not depend on it.
    /// - Throws: `outOfMemory`.
    public init?(
        _ view: TensorView, as format: PackedFormat, using pool: WorkerPool? = nil,
        instructionSet: InstructionSet = .detected
    ) throws(KernelError) {
        let (rows, columns) = (view.rows, view.columns)
        guard columns > 0, columns % format.groupSize == 0 else { return nil }
        self.format = format
        self.rows = rows
        self.columns = columns
        let packing = Packing(view: view, format: format, instructionSet: instructionSet)
        storage = try unsafe ByteStorage(
            count: format.byteCount(rows: rows, columns: columns), isZeroed: false
        ) { target in
            guard let base = target.baseAddress else { return }
            let panels = unsafe UncheckedMutablePointer(base)
            let count = Self.panelCount(rows: rows)
            let run = 8
            let body: @Sendable (Int, Int) -> Void = { task, _ in
                unsafe packing.run(task * run..<min((task + 1) * run, count), into: panels)
            }
            let tasks = (count + run - 1) / run
            if let pool {
                pool.run(tasks: tasks, body)
            } else {
                for task in 0..<tasks { body(task, 0) }
            }
        }
        guard packing.fits else { return nil }
    }

    /// Bytes that the weights take.
    public var byteCount: Int { storage.count }

    /// The values of one row, `[columns]`.
    ///
    /// - Parameter row: Below `rows`.
    /// - Returns: What products multiply with.
    public func floats(row: Int) -> [Float] {
        unsafe [Float](unsafeUninitializedCapacity: columns) { target, count in
            guard let base = target.baseAddress else { return }
            unsafe unpack(row: row, to: base)
            count = columns
        }
    }

    func unpack(row: Int, to target: UnsafeMutablePointer<Float>) {
        precondition((0..<rows).contains(row), "row \(row) of \(rows)")
        unsafe ck_unpack_row(format.code, storage.pointer, columns, row, target)
    }

    /// The first panel, valid while the matrix lives.
    var pointer: UnsafeRawPointer { unsafe storage.pointer }
}

/// A matrix that is being packed, to be run panel by panel.
///
/// Holds the view while tasks read it; they write disjoint panels.
private final class Packing: Sendable {
    private let view: TensorView
    private let format: PackedFormat
    private let instructionSet: InstructionSet
    private let misfits = Atomic<Int>(0)

    init(view: TensorView, format: PackedFormat, instructionSet: InstructionSet) {
        self.view = view
        self.format = format
        self.instructionSet = instructionSet
    }

    /// Whether every panel so far could be packed.
    var fits: Bool { misfits.load(ordering: .relaxed) == 0 }

    func run(_ panels: Range<Int>, into target: UncheckedMutablePointer) {
        let (rows, columns) = (view.rows, view.columns)
        let panelBytes = format.panelByteCount(columns)
        unsafe withUnsafeTemporaryAllocation(
            of: Float.self, capacity: PackedMatrix.panelRows * columns
        ) { floats in
            guard let scratch = floats.baseAddress else { return }
            for panel in panels {
                let first = panel * PackedMatrix.panelRows
                let fits = unsafe ck_pack(
                    instructionSet.code, format.code, view.elementType.code,
                    view.pointer + first * view.bytesPerRow,
                    min(PackedMatrix.panelRows, rows - first), columns, scratch,
                    target.pointer + panel * panelBytes)
                if !fits { misfits.add(1, ordering: .relaxed) }
            }
        }
    }
}
