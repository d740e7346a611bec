public import Routing
import Synchronization

/// What routing promised and what came of it, for all requests of a catalog.
public struct RoutingStatistics: Sendable, Equatable {
    /// A choice and its reason.
    public struct Decision: Sendable, Hashable {
        /// Who was chosen.
        public var model: String
        /// Why.
        public var reason: Route.Reason

        /// A choice.
        public init(model: String, reason: Route.Reason) {
            self.model = model
            self.reason = reason
        }
    }

    /// How often each was made.
    public var decisions: [Decision: Int] = [:]
    /// The promised p90 of each model and how it held.
    public var coverage: [String: CoverageTracker] = [:]
    /// Thoughts closed early, by model.
    public var forcedCloses: [String: Int] = [:]
    /// New tokens above a ceiling, over all answers; anything but 0 is a fault.
    public var overrunTokens = 0

    /// Nothing yet.
    public init() {}
}

/// Keeps the score; any thread may write.
final class RoutingLedger: Sendable {
    private let state = Mutex(RoutingStatistics())

    /// A copy of the score.
    var statistics: RoutingStatistics { state.withLock { $0 } }

    /// What live traffic added to a model's residuals.
    func widening(of model: String) -> Double {
        state.withLock { $0.coverage[model]?.widening ?? 0 }
    }

    /// Notes who was chosen.
    func note(_ route: Route) {
        state.withLock {
            $0.decisions[.init(model: route.model, reason: route.reason), default: 0] += 1
        }
    }

    /// Notes how an answer ended that a route had promised something about.
    ///
    /// - Parameters:
    ///   - finished: The end.
    ///   - plan: What had been decided.
    ///   - ceiling: The highest that its tokens ever had.
    func note(
        _ finished: CompletionEvent.Finished, of plan: CompletionPlan, ceiling: Int
    ) {
        guard let route = plan.route else { return }
        let isWhole =
            finished.reason == .stop && !finished.forcedClose && finished.stopString == nil
        state.withLock { state in
            state.overrunTokens += max(0, finished.completionTokens - ceiling)
            if finished.forcedClose { state.forcedCloses[route.model, default: 0] += 1 }
            // A tighter ceiling hides whether the promise would have held.
            guard let predicted = route.predicted, predicted.p90 <= route.effective.usableTokens,
                [.stop, .length].contains(finished.reason)
            else { return }
            state.coverage[route.model, default: CoverageTracker()].note(
                tokens: finished.completionTokens, promised: predicted.p90, isWhole: isWhole)
        }
    }
}
