import Inference
import Synchronization

/// The completions under way, by the id that their answers carry.
final class RunningGenerations: Sendable {
    /// One of them.
    struct Generation: Sendable {
        /// What its budgets are changed by, one a prompt.
        var handles: [GenerationHandle]
        /// The name of the account that asked; nil without keys.
        var owner: String?
        /// What a higher ceiling has to be reserved with.
        var charge: Charge?
    }

    private let generations = Mutex<[String: Generation]>([:])

    /// The ids of those under way.
    var ids: [String] { generations.withLock { Array($0.keys) } }

    /// Lets a completion be found until `forget`.
    func remember(_ id: String, _ generation: Generation) {
        generations.withLock { $0[id] = generation }
    }

    /// The completion has ended, or nobody reads it any more.
    func forget(_ id: String) {
        _ = generations.withLock { $0.removeValue(forKey: id) }
    }

    /// The completions of an id; nil where none is under way.
    func find(_ id: String) -> Generation? {
        generations.withLock { $0[id] }
    }
}
