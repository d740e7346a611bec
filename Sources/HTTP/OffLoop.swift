/// Runs `body` on the threads of the concurrency pool, as a child task, and comes back.
///
/// For what takes longer than other clients of the same loop should wait: long arithmetic, files.
///
/// - Parameter body: The work.
/// - Throws: What `body` throws.
/// - Returns: What `body` returns.
public func offLoop<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () async throws(Failure) -> Value
) async throws(Failure) -> Value {
    // A child begins where its executor says. A mere change of the task's preference would do so
    // only at the next change of isolation, of which a handler need not have any.
    let result = await withTaskGroup(of: Result<Value, Failure>.self) { group in
        group.addTask(executorPreference: globalConcurrentExecutor) {
            do throws(Failure) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        return await group.next()
    }
    guard let result else { preconditionFailure("a group of one child without its result") }
    return try result.get()
}
