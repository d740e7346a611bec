/// Lets a task of the pool read memory whose owner waits until the pool is done.
///
/// Sending it is safe because `WorkerPool.run` returns only after its last task, and every
/// operation here gives each task its own part to write.
@unsafe struct UncheckedPointer: @unchecked Sendable {
    let pointer: UnsafeRawPointer

    init(_ pointer: UnsafeRawPointer) {
        unsafe self.pointer = unsafe pointer
    }
}

/// The writable twin of `UncheckedPointer`, under the same proof.
@unsafe struct UncheckedMutablePointer: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    init(_ pointer: UnsafeMutableRawPointer) {
        unsafe self.pointer = unsafe pointer
    }

    /// The memory as floats.
    var floats: UnsafeMutablePointer<Float> {
        unsafe pointer.assumingMemoryBound(to: Float.self)
    }
}
