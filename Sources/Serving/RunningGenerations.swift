import Inference
import Synchronization

/// The completions under way, by the id that their answers carry.
final class RunningGenerations: Sendable {
    private let handles = Mutex<[String: [GenerationHandle]]>([:])

    /// The ids of those under way.
    var ids: [String] { handles.withLock { Array($0.keys) } }

    /// Lets a completion be found until `forget`.
    func remember(_ id: String, _ generation: [GenerationHandle]) {
        handles.withLock { $0[id] = generation }
    }

    /// The completion has ended, or nobody reads it any more.
    func forget(_ id: String) {
        _ = handles.withLock { $0.removeValue(forKey: id) }
    }

    /// The completions of an id, one a prompt; nil where none is under way.
    func find(_ id: String) -> [GenerationHandle]? {
        handles.withLock { $0[id] }
    }
}
