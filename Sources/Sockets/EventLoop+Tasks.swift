/// Tasks on the loop's thread (SE-0417).
///
/// An event that resumes a task on another thread costs a wake-up of that thread, and the thread's
/// answer another of the kernel's; where decoding keeps every core busy, each of these waits for a
/// turn. A task that prefers the loop goes on as soon as the events of the turn have been told.
extension EventLoop: TaskExecutor {
    /// Takes a task that can go on.
    ///
    /// - Parameter job: What to run.
    public func enqueue(_ job: consuming ExecutorJob) {
        schedule(UnownedJob(job))
    }
}
