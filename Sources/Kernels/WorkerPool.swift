import CKernels
import Glibc
import Synchronization

/// Threads that share the tasks of one parallel region at a time.
///
/// The thread that calls `run` works too, so a pool of N threads starts N - 1. Between regions
/// workers spin for some 30 microseconds and then sleep, so an idle pool uses no processor time. A
/// region ends when its tasks are done, whether or not sleeping workers woke up for it.
public final class WorkerPool: Sendable {
    /// Threads that work on a region, the caller's included.
    public let threadCount: Int

    private let state = RegionState()
    private let threads: [pthread_t]

    /// Starts the workers, named `laconic-w0` and so on.
    ///
    /// - Parameter threadCount: At least 1.
    /// - Throws: `threadNotStarted`.
    public init(threadCount: Int = AvailableCPUs.count()) throws(KernelError) {
        precondition(threadCount >= 1, "\(threadCount) threads")
        self.threadCount = threadCount
        var threads: [pthread_t] = []
        for worker in 1..<threadCount {
            var thread = pthread_t()
            let start = unsafe Unmanaged.passRetained(WorkerStart(state: state, worker: worker))
            let code = unsafe pthread_create(
                &thread, nil,
                { argument in
                    guard let argument = unsafe argument else { return nil }
                    let start = unsafe Unmanaged<WorkerStart>.fromOpaque(argument)
                        .takeRetainedValue()
                    start.state.work(as: start.worker)
                    return nil
                }, start.toOpaque())
            guard code == 0 else {
                unsafe start.release()
                Self.stop(state, threads)
                throw .threadNotStarted(code: code)
            }
            threads.append(thread)
        }
        self.threads = threads
    }

    deinit {
        Self.stop(state, threads)
    }

    private static func stop(_ state: RegionState, _ threads: [pthread_t]) {
        state.stop()
        for thread in threads {
            // the last reference may die on a worker, which cannot wait for itself
            if pthread_equal(thread, pthread_self()) != 0 {
                pthread_detach(thread)
            } else {
                pthread_join(thread, nil)
            }
        }
    }

    /// Runs every task once and returns when all are done.
    ///
    /// Tasks start in ascending order and are handed to whichever thread is free. Regions of
    /// several callers follow one another. A region inside a task of the same pool runs on the
    /// thread of that task alone.
    ///
    /// - Parameters:
    ///   - tasks: How many.
    ///   - body: Receives the task, `0..<tasks`, and the thread that runs it, `0..<threadCount`;
    ///     no two tasks run on one thread at the same time.
    public func run(tasks: Int, _ body: @escaping @Sendable (_ task: Int, _ worker: Int) -> Void) {
        guard tasks > 0 else { return }
        if let worker = state.workerOfThisThread {
            for task in 0..<tasks { body(task, worker) }
            return
        }
        state.run(tasks: tasks, hasWorkers: threadCount > 1, body)
    }

    /// Runs `body` on this thread alone: regions inside of it have no helpers.
    ///
    /// Other callers wait until it has returned, as for a region.
    ///
    /// - Parameter body: Called once.
    public func alone(_ body: () -> Void) {
        if state.workerOfThisThread == nil { state.asCaller(body) } else { body() }
    }

    /// Runs every task once, task i always on the same share: an even split of the range.
    ///
    /// - Parameters:
    ///   - count: How many elements to split.
    ///   - grain: Shares are multiples of it, but for the last.
    ///   - body: Receives a range of elements and the thread that runs it.
    public func split(
        _ count: Int, grain: Int = 1,
        _ body: @escaping @Sendable (_ range: Range<Int>, _ worker: Int) -> Void
    ) {
        precondition(grain > 0)
        let grains = (count + grain - 1) / grain
        let shares = min(threadCount, grains)
        run(tasks: shares) { share, worker in
            let start = grains * share / shares * grain
            let end = min(grains * (share + 1) / shares * grain, count)
            body(start..<end, worker)
        }
    }
}

/// What a new thread is given.
private final class WorkerStart: Sendable {
    let state: RegionState
    let worker: Int

    init(state: RegionState, worker: Int) {
        self.state = state
        self.worker = worker
    }
}
