import DequeModule
import Dispatch
import Foundation
import Synchronization

/// Runs an actor's jobs on one thread of their own, which sleeps when there are none.
///
/// A forward pass takes milliseconds to seconds; on the shared pool it would hold up a thread that
/// connections need.
final class EngineExecutor: SerialExecutor {
    private let jobs = JobQueue()

    init(name: String) {
        let jobs = jobs
        let started = DispatchSemaphore(value: 0)
        let thread = Thread {
            // On Linux a thread's name takes only from within it, and only once `start` has
            // returned to whoever called it.
            started.wait()
            Thread.current.name = name
            jobs.run()
        }
        // The default of a secondary thread is small, and a model may recurse.
        thread.stackSize = 8 << 20
        thread.start()
        started.signal()
    }

    deinit {
        jobs.stop()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        // The job holds the executor: the actor's last reference may die in the job itself.
        jobs.append(JobQueue.Entry(job: UnownedJob(job), executor: self))
    }
}

private final class JobQueue: Sendable {
    struct Entry: Sendable {
        let job: UnownedJob
        let executor: EngineExecutor
    }

    private struct State {
        var entries: Deque<Entry> = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let wakeUps = DispatchSemaphore(value: 0)

    func append(_ entry: Entry) {
        state.withLock { $0.entries.append(entry) }
        wakeUps.signal()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wakeUps.signal()
    }

    func run() {
        while true {
            wakeUps.wait()
            let (entry, isStopped) = state.withLock { ($0.entries.popFirst(), $0.isStopped) }
            if let entry {
                unsafe entry.job.runSynchronously(
                    on: entry.executor.asUnownedSerialExecutor())
            } else if isStopped {
                return
            }
        }
    }
}
