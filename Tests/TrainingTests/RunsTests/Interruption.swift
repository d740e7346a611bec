import Testing
import Training

/// Runs until a step is made, then asks the run to stop, which it must.
func stop(
    after step: Int,
    _ run: @escaping @Sendable (@escaping @Sendable (TrainingProgress) -> Void) async throws -> Void
) async {
    let task = Task {
        try await run { progress in
            guard progress.metrics.step == step else { return }
            unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
        }
    }
    await #expect(throws: TrainingError.cancelled) { try await task.value }
}
