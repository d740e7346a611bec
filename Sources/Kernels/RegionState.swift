import CKernels
import Glibc
import Synchronization

/// What the threads of a pool share.
///
///     open      number of the region that accepts helpers, 0 between regions
///     inside    workers that may be reading the region's body
///
/// The caller closes a region and waits for `inside == 0`; a worker enters and then looks whether
/// the region is still open. Both use sequentially consistent operations, so at least one of them
/// sees the other, and the body is never replaced under a worker that reads it.
@safe final class RegionState: Sendable {
    private let regionLock = Mutex(())
    private let regionCount = Atomic<Int>(0)
    private let open = Atomic<Int>(0)
    private let inside = Atomic<Int>(0)
    private let nextTask = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let callerSleeps = Atomic<Bool>(false)
    private let stopped = Atomic<Bool>(false)

    // Written by the caller that holds `regionLock`, and only while `open == 0 && inside == 0`; read
    // by workers only between entering and leaving an open region, as explained above.
    private nonisolated(unsafe) var body: (@Sendable (Int, Int) -> Void)?
    private nonisolated(unsafe) var taskCount = 0

    // The system's lock and conditions are made to be shared; the pointers never change.
    private nonisolated(unsafe) let sleepLock: UnsafeMutablePointer<pthread_mutex_t>
    private nonisolated(unsafe) let wake: UnsafeMutablePointer<pthread_cond_t>
    private nonisolated(unsafe) let finished: UnsafeMutablePointer<pthread_cond_t>

    /// Pauses before a thread gives up its processor: 20 to 60 microseconds.
    private static let spins = 2000

    init() {
        unsafe sleepLock = .allocate(capacity: 1)
        unsafe wake = .allocate(capacity: 1)
        unsafe finished = .allocate(capacity: 1)
        unsafe pthread_mutex_init(sleepLock, nil)
        unsafe pthread_cond_init(wake, nil)
        unsafe pthread_cond_init(finished, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(sleepLock)
        unsafe pthread_cond_destroy(wake)
        unsafe pthread_cond_destroy(finished)
        unsafe sleepLock.deallocate()
        unsafe wake.deallocate()
        unsafe finished.deallocate()
    }

    // MARK: the caller

    func run(tasks: Int, hasWorkers: Bool, _ newBody: @escaping @Sendable (Int, Int) -> Void) {
        asCaller {
            guard hasWorkers, tasks > 1 else {
                for task in 0..<tasks { newBody(task, 0) }
                return
            }
            unsafe body = newBody
            unsafe taskCount = tasks
            nextTask.store(0, ordering: .relaxed)
            let region = regionCount.add(1, ordering: .sequentiallyConsistent).newValue
            open.store(region, ordering: .sequentiallyConsistent)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
                unsafe pthread_mutex_lock(sleepLock)
                unsafe pthread_cond_broadcast(wake)
                unsafe pthread_mutex_unlock(sleepLock)
            }
            claimTasks(worker: 0, newBody, tasks)
            open.store(0, ordering: .sequentiallyConsistent)
            waitForHelpers()
            unsafe body = nil
        }
    }

    /// Runs `body` while nobody else opens a region; those that it asks for itself have no helpers.
    func asCaller(_ body: () -> Void) {
        regionLock.withLock { _ in
            let outer = unsafe enter(worker: 0)
            defer { unsafe leave(outer) }
            body()
        }
    }

    private func claimTasks(worker: Int, _ body: @Sendable (Int, Int) -> Void, _ count: Int) {
        while true {
            let task = nextTask.add(1, ordering: .relaxed).oldValue
            guard task < count else { return }
            body(task, worker)
        }
    }

    private func waitForHelpers() {
        for _ in 0..<Self.spins {
            if inside.load(ordering: .sequentiallyConsistent) == 0 { return }
            ck_pause()
        }
        unsafe pthread_mutex_lock(sleepLock)
        callerSleeps.store(true, ordering: .sequentiallyConsistent)
        while inside.load(ordering: .sequentiallyConsistent) > 0 {
            unsafe pthread_cond_wait(finished, sleepLock)
        }
        callerSleeps.store(false, ordering: .sequentiallyConsistent)
        unsafe pthread_mutex_unlock(sleepLock)
    }

    func stop() {
        stopped.store(true, ordering: .sequentiallyConsistent)
        unsafe pthread_mutex_lock(sleepLock)
        unsafe pthread_cond_broadcast(wake)
        unsafe pthread_mutex_unlock(sleepLock)
    }

    // MARK: the workers

    func work(as worker: Int) {
        unsafe ck_name_thread("laconic-w\(worker - 1)")
        _ = unsafe enter(worker: worker)
        var seen = 0
        while true {
            seen = waitForRegion(after: seen)
            if stopped.load(ordering: .relaxed) { return }
            help(worker: worker)
        }
    }

    private func waitForRegion(after seen: Int) -> Int {
        for _ in 0..<Self.spins {
            let latest = regionCount.load(ordering: .acquiring)
            if latest != seen || stopped.load(ordering: .relaxed) { return latest }
            ck_pause()
        }
        unsafe pthread_mutex_lock(sleepLock)
        defer { unsafe pthread_mutex_unlock(sleepLock) }
        sleepers.add(1, ordering: .sequentiallyConsistent)
        defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
        while true {
            let latest = regionCount.load(ordering: .sequentiallyConsistent)
            if latest != seen || stopped.load(ordering: .sequentiallyConsistent) { return latest }
            unsafe pthread_cond_wait(wake, sleepLock)
        }
    }

    // Not inlined, so that the reference to the body is gone before the worker leaves.
    @inline(never)
    private func helpInside(worker: Int) {
        // the number of the region does not matter: whichever is open may be helped
        guard open.load(ordering: .sequentiallyConsistent) != 0, let body = unsafe body else {
            return
        }
        claimTasks(worker: worker, body, unsafe taskCount)
    }

    private func help(worker: Int) {
        inside.add(1, ordering: .sequentiallyConsistent)
        helpInside(worker: worker)
        let left = inside.subtract(1, ordering: .sequentiallyConsistent).newValue
        if left == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
            unsafe pthread_mutex_lock(sleepLock)
            unsafe pthread_cond_signal(finished)
            unsafe pthread_mutex_unlock(sleepLock)
        }
    }

    // MARK: which thread is this

    // One key for all pools; the value is 1 + the worker's number while `owner` is this pool.
    private static let ownerKey: pthread_key_t = makeKey()
    private static let workerKey: pthread_key_t = makeKey()

    private static func makeKey() -> pthread_key_t {
        var key = pthread_key_t()
        let code = unsafe pthread_key_create(&key, nil)
        precondition(code == 0, "no thread-local storage (error \(code))")
        return key
    }

    /// The number of this thread while it runs a task of this pool.
    var workerOfThisThread: Int? {
        let owner = unsafe pthread_getspecific(Self.ownerKey)
        guard unsafe owner == Unmanaged.passUnretained(self).toOpaque() else { return nil }
        return unsafe Int(bitPattern: pthread_getspecific(Self.workerKey)) - 1
    }

    @unsafe private struct Outer {
        let owner: UnsafeMutableRawPointer?
        let worker: UnsafeMutableRawPointer?
    }

    private func enter(worker: Int) -> Outer {
        let outer = unsafe Outer(
            owner: pthread_getspecific(Self.ownerKey), worker: pthread_getspecific(Self.workerKey))
        unsafe pthread_setspecific(Self.ownerKey, Unmanaged.passUnretained(self).toOpaque())
        unsafe pthread_setspecific(Self.workerKey, UnsafeRawPointer(bitPattern: worker + 1))
        return unsafe outer
    }

    private func leave(_ outer: Outer) {
        unsafe pthread_setspecific(Self.ownerKey, outer.owner)
        unsafe pthread_setspecific(Self.workerKey, outer.worker)
    }
}
