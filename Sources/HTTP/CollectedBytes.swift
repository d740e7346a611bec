import Synchronization

/// Bytes gathered from several tasks.
final class CollectedBytes: Sendable {
    private let storage = Mutex<[UInt8]>([])

    /// Everything appended so far.
    var bytes: [UInt8] { storage.withLock { $0 } }

    /// Adds to the end.
    func append(_ bytes: [UInt8]) {
        storage.withLock { $0 += bytes }
    }
}
