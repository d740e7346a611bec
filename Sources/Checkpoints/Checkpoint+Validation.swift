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
    /// - Throws: `nonFiniteWeight` with the first bad element, the same whatever the threads;
    ///   `unreadable` where the file has been truncated since it was opened.
    public func validateTensors(
        using pool: WorkerPool? = nil, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(CheckpointError) {
        let pieces = scanPieces()
        let total = pieces.reduce(0) { $0 + $1.byteCount }
        let stride = 16 * (pool?.threadCount ?? 1)
        var done = 0
        for start in Swift.stride(from: 0, to: pieces.count, by: stride) {
            let batch = pieces[start..<min(start + stride, pieces.count)]
            let next = pieces[batch.endIndex..<min(batch.endIndex + stride, pieces.count)]
            for piece in start == 0 ? batch + next : next { prefetch(piece.view) }
            if let (piece, finding) = firstFinding(in: batch, using: pool) {
                switch finding {
                case .unreadable(let error): throw error
                case .nonFinite(let element):
                    throw nonFinite(tensor: piece.tensor, element: piece.firstElement + element)
                }
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

    private enum Finding: Sendable {
        case nonFinite(element: Int)
        case unreadable(CheckpointError)
    }

    private func firstFinding(
        in batch: ArraySlice<ScanPiece>, using pool: WorkerPool?
    ) -> (ScanPiece, Finding)? {
        let first = Mutex<(piece: Int, finding: Finding)?>(nil)
        let scan: @Sendable (Int, Int) -> Void = { task, _ in
            let position = batch.startIndex + task
            guard let finding = finding(in: batch[position].view) else { return }
            first.withLock { first in
                if let known = first, known.piece < position { return }
                first = (position, finding)
            }
        }
        if let pool {
            pool.run(tasks: batch.count, scan)
        } else {
            for task in 0..<batch.count { scan(task, 0) }
        }
        return first.withLock { $0 }.map { (batch[$0.piece], $0.finding) }
    }

    private func finding(in view: TensorView) -> Finding? {
        do throws(CheckpointError) {
            try load(view)
        } catch {
            return .unreadable(error)
        }
        return view.firstNonFinite().map { .nonFinite(element: $0) }
    }

    private func nonFinite(tensor position: Int, element: Int) -> CheckpointError {
        let info = tensors[position]
        var remainder = element
        var index: [Int] = []
        for dimension in info.shape.reversed() {
            index.append(remainder % dimension)
            remainder /= dimension
        }
        return .nonFiniteWeight(
            file: file(at: position).path, tensor: info.name, index: index.reversed())
    }
}
