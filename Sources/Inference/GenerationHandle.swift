// Passed on, so that readers of a handle need not see the engine.
@_exported public import struct Decoding.QueuePlace
public import Routing
import Synchronization

/// A completion under way: where it stands, and how its budget can still be changed.
public struct GenerationHandle: Sendable {
    /// New ceilings; nil leaves one as it is.
    public struct Revision: Sendable, Equatable {
        /// Ceiling on new tokens of each sample, those so far included.
        public var tokens: Int?
        /// Ceiling on tokens of the thought, those so far included.
        public var reasoningTokens: Int?
        /// Whether the thought is closed before the next token.
        public var answersNow = false

        /// Changes nothing.
        public init() {}
    }

    private let apply: @Sendable (Revision) async -> EffectiveBudget?
    private let findPlace: @Sendable () -> QueuePlace?

    /// A handle.
    ///
    /// - Parameters:
    ///   - place: Tells where it stands in the queue; nil once it has begun.
    ///   - apply: Changes the budget, or says nil when it cannot be changed.
    public init(
        place: @escaping @Sendable () -> QueuePlace? = { nil },
        _ apply: @escaping @Sendable (Revision) async -> EffectiveBudget?
    ) {
        findPlace = place
        self.apply = apply
    }

    /// Where it stands in the queue; nil once its first sample has begun.
    public var queuePlace: QueuePlace? { findPlace() }

    /// Changes the budget between two steps.
    ///
    /// - Parameter revision: What changes.
    /// - Returns: The ceilings that hold from now on; nil when the completion has ended, or when
    ///   there is no memory for a higher ceiling.
    public func revise(_ revision: Revision) async -> EffectiveBudget? {
        await apply(revision)
    }
}

/// The ceilings of one completion, as they are by now.
final class RevisableBudget: Sendable {
    private let state: Mutex<(current: EffectiveBudget, most: Int)>

    init(_ budget: EffectiveBudget) {
        state = Mutex((budget, budget.tokens))
    }

    /// The ceilings now.
    var current: EffectiveBudget { state.withLock { $0.current } }
    /// The highest ceiling on tokens there ever was.
    var mostTokens: Int { state.withLock { $0.most } }

    /// The ceiling on the thought that a new total brings with it; nil where the thought has one of
    /// its own, or is given one.
    static func following(
        _ revision: GenerationHandle.Revision, _ current: EffectiveBudget, room: Int
    ) -> Int? {
        guard let tokens = revision.tokens, revision.reasoningTokens == nil,
            current.reasoningTokens != nil, !current.sparesThought
        else { return nil }
        return max(min(tokens, room) - current.answerTokens, 0)
    }

    /// The ceilings with a revision that was applied.
    func apply(_ revision: GenerationHandle.Revision, roomForTokens room: Int) -> EffectiveBudget {
        state.withLock { state in
            if let thought = Self.following(revision, state.current, room: room) {
                state.current.reasoningTokens = thought
            }
            if let tokens = revision.tokens {
                state.current.tokens = min(tokens, room)
                state.current.bound = tokens <= room ? .budget : .context
                state.most = max(state.most, state.current.tokens)
            }
            if let tokens = revision.reasoningTokens, state.current.reasoningTokens != nil {
                state.current.reasoningTokens = min(tokens, room)
            }
            return state.current
        }
    }
}
