/// Feeds the service manager's watchdog for as long as everything turns.
///
/// What does not turn is waited for: then the watchdog starves, and the manager acts.
struct Watchdog: Sendable {
    /// The time between two meals at least.
    let period: Duration
    /// Returns once all that must turn has turned.
    let waitForTurn: @Sendable () async -> Void
    /// Gives one meal.
    let feed: @Sendable () -> Void

    /// Feeds until the task is cancelled.
    ///
    /// - Parameter sleep: Waits; throws where the task is cancelled.
    func run(
        sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) async {
        while true {
            await waitForTurn()
            guard !Task.isCancelled else { return }
            feed()
            guard (try? await sleep(period)) != nil else { return }
        }
    }
}
