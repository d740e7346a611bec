public import Kernels
import Synchronization

extension Checkpoint {
    /// Bytes that one task scans: large enough to amortise handing it out, small enough to share.
    private static let pieceByteCount = 4 << 20

    /// Scans every tensor that can be computed with and refuses the first NaN or infinity.
    ///
    /// Mapped pages are handed back as the scan moves on, so that the memory it holds does not grow
    /// with the weights.
    ///
    /// - Parameters:
    ///   - pool: Workers to spread the scan over; nil to use this thread alone.
    ///   - progress: Told now and then, on this thread, how many bytes of how many are done.
    /// - Throws: `nonFiniteWeight` with the first bad element, the same whatever the threads.
    public func validateTensors(
        using pool: WorkerPool? = nil, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(CheckpointError) {
        let pieces = scanPieces()
        let total = pieces.reduce(0) { $0 + $1.byteCount }
        let stride = 16 * (pool?.threadCount ?? 1)
        var done = 0
        for start in Swift.stride(from: 0, to: pieces.count, by: stride) {
            let batch = pieces[start..<min(start + stride, pieces.count)]
            if let bad = Self.firstBad(in: batch, using: pool) {
                throw nonFinite(bad)
            }
            for piece in batch { discardPages(of: piece.view) }
            done += batch.reduce(0) { $0 + $1.byteCount }
            progress(done, total)
        }
    }

    /// A run of a tensor's elements, as a one-dimensional view.
    private struct ScanPiece: Sendable {
        let tensor: Int
        let firstElement: Int
        let view: TensorView

        var byteCount: Int { view.byteCount }
    }

    private func scanPieces() -> [ScanPiece] {
        var pieces: [ScanPiece] = []
        for position in tensors.indices {
            guard let view = view(at: position) else { continue }
            let type = view.elementType
            let blocks = max(1, Self.pieceByteCount / type.bytesPerBlock)
            let elements = blocks * type.elementsPerBlock
            for first in stride(from: 0, to: view.elementCount, by: elements) {
                let count = min(elements, view.elementCount - first)
                let offset = first / type.elementsPerBlock * type.bytesPerBlock
                // A part of a tensor that lies inside its storage lies inside it, too.
                guard
                    let part = try? TensorView(
                        storage: view.storage, byteOffset: view.byteOffset + offset,
                        elementType: type, shape: [count])
                else { preconditionFailure("elements \(first)... of \(tensors[position].name)") }
                pieces.append(ScanPiece(tensor: position, firstElement: first, view: part))
            }
        }
        return pieces
    }

    private static func firstBad(
        in batch: ArraySlice<ScanPiece>, using pool: WorkerPool?
    ) -> (piece: ScanPiece, element: Int)? {
        let found = Mutex<(piece: Int, element: Int)?>(nil)
        let scan: @Sendable (Int, Int) -> Void = { task, _ in
            let position = batch.startIndex + task
            guard let element = batch[position].view.firstNonFinite() else { return }
            found.withLock { first in
                if first == nil || position < first?.piece ?? 0 { first = (position, element) }
            }
        }
        if let pool {
            pool.run(tasks: batch.count, scan)
        } else {
            for task in 0..<batch.count { scan(task, 0) }
        }
        return found.withLock { $0 }.map { (batch[$0.piece], $0.element) }
    }

    private func nonFinite(_ bad: (piece: ScanPiece, element: Int)) -> CheckpointError {
        let info = tensors[bad.piece.tensor]
        var remainder = bad.piece.firstElement + bad.element
        var index: [Int] = []
        for dimension in info.shape.reversed() {
            index.append(remainder % dimension)
            remainder /= dimension
        }
        return .nonFiniteWeight(
            file: file(at: bad.piece.tensor).path, tensor: info.name, index: index.reversed())
    }
}
