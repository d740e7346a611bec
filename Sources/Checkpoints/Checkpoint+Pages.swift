public import Kernels

extension Checkpoint {
    /// Asks the kernel to read the mapped pages of `tensor`, without waiting for them.
    ///
    /// - Parameter tensor: A tensor of this checkpoint, or a part of one.
    public func prefetch(_ tensor: TensorView) {
        guard file(holding: tensor) != nil else { return }
        tensor.storage.prefetchMappedPages(in: byteRange(of: tensor))
    }

    /// Reads the mapped pages of `tensor` now, in one go instead of a fault for each.
    ///
    /// - Parameter tensor: A tensor of this checkpoint, or a part of one.
    /// - Throws: `CheckpointError.unreadable` where the file has been truncated since it was opened,
    ///   or the disk fails; touching the tensor's bytes would then end the process.
    public func load(_ tensor: TensorView) throws(CheckpointError) {
        guard let file = file(holding: tensor),
            !tensor.storage.loadMappedPages(in: byteRange(of: tensor))
        else { return }
        throw .unreadable(
            file: file.path, reason: "the disk failed, or the file became shorter after opening")
    }

    /// Lets the kernel take back the memory that holds the mapped pages of `tensor`.
    ///
    /// For a caller that has copied the weights into a layout of its own: the mapping stays valid
    /// and touching it reads the file again.
    ///
    /// - Parameter tensor: A tensor of this checkpoint, or a part of one.
    public func discardPages(of tensor: TensorView) {
        guard file(holding: tensor) != nil else { return }
        tensor.storage.discardMappedPages(in: byteRange(of: tensor))
    }

    /// Lets the kernel take back the memory that holds the mapped pages of all tensors.
    public func discardPages() {
        for position in tensors.indices {
            if let tensor = view(at: position) { discardPages(of: tensor) }
        }
    }

    private func file(holding tensor: TensorView) -> MappedFile? {
        files.first { $0.storage === tensor.storage }
    }

    private func byteRange(of tensor: TensorView) -> Range<Int> {
        tensor.byteOffset..<tensor.byteOffset + tensor.byteCount
    }
}
