import Inference

/// What happens next among several completions.
enum MergedEvent: Sendable {
    /// A completion said something.
    case event(CompletionEvent, prompt: Int)
    /// A completion will say no more.
    case ended(prompt: Int)
    /// Some time passed.
    case tick
}

/// Runs `body` on the events of several completions as one sequence, with the ticks of a clock.
///
/// When `body` returns or throws, or the task is cancelled, the completions are cancelled and the
/// clock stops before this returns.
///
/// - Parameters:
///   - streams: The completions; their position is the number of their prompt.
///   - interval: Time between ticks; `nil` for none.
///   - body: Reads the sequence.
/// - Throws: What `body` throws.
/// - Returns: What `body` returns.
func withMergedEvents<Result: Sendable>(
    of streams: [AsyncStream<CompletionEvent>], ticking interval: Duration?,
    _ body: (AsyncStream<MergedEvent>) async throws -> Result
) async throws -> Result {
    let (merged, continuation) = AsyncStream.makeStream(of: MergedEvent.self)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        defer { group.cancelAll() }
        for (prompt, stream) in streams.enumerated() {
            group.addTask {
                for await event in stream { continuation.yield(.event(event, prompt: prompt)) }
                continuation.yield(.ended(prompt: prompt))
            }
        }
        if let interval {
            group.addTask {
                while (try? await Task.sleep(for: interval)) != nil { continuation.yield(.tick) }
            }
        }
        return try await body(merged)
    }
}
