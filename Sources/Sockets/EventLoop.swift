import CSystem
import Glibc
import Synchronization

/// A thread that waits for descriptors and moments and calls their sources, and that runs tasks.
///
/// Sources must not block in their calls, nor tasks that prefer the loop between two suspensions.
/// Everything else may be called from any thread. A task that waits for what the loop reports goes
/// on without another thread being woken: see `EventLoop+Tasks.swift`.
public final class EventLoop: Sendable {
    /// Names one registration; never reused, so that a late event cannot hit a newcomer.
    public struct Token: Sendable, Hashable {
        fileprivate let index: UInt32
        fileprivate let generation: UInt32

        fileprivate var bits: UInt64 { UInt64(generation) << 32 | UInt64(index) }
    }

    /// What to be told about.
    public enum Interest: Sendable {
        /// Changes in any direction, each reported once (edge-triggered).
        case changes
        /// Readable, reported again and again while it is so (level-triggered).
        case readable
        /// Nothing but errors.
        case nothing

        fileprivate var bits: UInt32 {
            switch self {
            case .changes:
                EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
            case .readable: EPOLLIN.rawValue
            case .nothing: 0
            }
        }
    }

    private struct Slot {
        var generation: UInt32 = 0
        var source: (any EventSource)?
    }

    private struct Shared {
        var slots: [Slot] = []
        var free: [UInt32] = []
        var timers = TimerQueue<Token>()
        /// Tasks that may go on, in order.
        var jobs: [UnownedJob] = []
        /// Until when the thread sleeps; nil while it is awake and will look at the timers anyway.
        var sleepsUntil: ContinuousClock.Instant?
        var isStopping = false
        var hasStopped = false
        var thread: pthread_t?

        var liveCount: Int { slots.count - free.count }

        func source(_ token: Token) -> (any EventSource)? {
            guard Int(token.index) < slots.count,
                slots[Int(token.index)].generation == token.generation
            else { return nil }
            return slots[Int(token.index)].source
        }
    }

    private static let wakeUpBits = UInt64.max
    private static let batchSize = 256

    private let poller: FileDescriptor
    private let wakeUp: FileDescriptor
    private let shared = Mutex(Shared())
    /// The running thread as `pthread_self()` names it there; 0 while there is none.
    private let threadName = Atomic<UInt>(0)
    /// Who is to be called when the task that runs now pauses.
    private let pausing = Mutex<[any EventSource]>([])

    /// Makes a loop; its thread runs from `start()` to `stop()`.
    ///
    /// - Throws: `outOfDescriptors`.
    public init() throws(SocketError) {
        let poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poller >= 0 else { throw SocketError(operation: "epoll_create1", number: errno) }
        self.poller = FileDescriptor(owning: poller)
        let wakeUp = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard wakeUp >= 0 else { throw SocketError(operation: "eventfd", number: errno) }
        self.wakeUp = FileDescriptor(owning: wakeUp)
        try control(EPOLL_CTL_ADD, wakeUp, events: EPOLLIN.rawValue, bits: Self.wakeUpBits)
    }

    /// Starts the thread.
    ///
    /// - Throws: `system` where the process may have no more threads.
    public func start() throws(SocketError) {
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(self)
        let failure = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let loop = unsafe Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
                _ = unsafe pthread_setname_np(pthread_self(), "http-loop")
                loop.run()
                return nil
            }, box.toOpaque())
        guard failure == 0 else {
            unsafe box.release()
            throw .system(operation: "pthread_create", number: failure)
        }
        shared.withLock { $0.thread = thread }
    }

    /// Ends the thread and waits for it; not to be called from it.
    ///
    /// Registrations are dropped; tasks go on elsewhere.
    public func stop() {
        let thread = shared.withLock { shared in
            shared.isStopping = true
            defer { shared.thread = nil }
            return shared.thread
        }
        notify()
        if let thread { _ = pthread_join(thread, nil) }
        let (dropped, jobs) = shared.withLock { shared in
            defer {
                shared.slots = []
                shared.free = []
                shared.timers = TimerQueue()
                shared.jobs = []
                shared.hasStopped = true
            }
            return (shared.slots, shared.jobs)
        }
        withExtendedLifetime(dropped) {}
        for job in jobs { globalConcurrentExecutor.enqueue(job) }
    }

    /// Lets `job` run on the loop's thread; elsewhere once the loop has stopped.
    func schedule(_ job: UnownedJob) {
        let (mustNotify, hasStopped) = shared.withLock { shared in
            guard !shared.hasStopped else { return (false, true) }
            shared.jobs.append(job)
            guard shared.sleepsUntil != nil else { return (false, false) }
            // One word wakes it, however many jobs follow.
            shared.sleepsUntil = nil
            return (true, false)
        }
        if mustNotify { notify() }
        if hasStopped { globalConcurrentExecutor.enqueue(job) }
    }

    /// Asks for a call of `taskPaused()` once the task that runs on the loop's thread suspends.
    ///
    /// What a task does in many small steps without waiting can so be finished in one go.
    ///
    /// - Parameter source: Whom to call; once for each time that it asks.
    /// - Returns: False on any other thread, where nobody would call.
    public func callAfterTask(_ source: any EventSource) -> Bool {
        guard threadName.load(ordering: .relaxed) == UInt(pthread_self()) else { return false }
        pausing.withLock { $0.append(source) }
        return true
    }

    /// Watches a descriptor.
    ///
    /// The loop keeps `source` alive until `remove`; the descriptor must be open until then.
    ///
    /// - Parameters:
    ///   - source: Called on the loop's thread, possibly before this returns.
    ///   - descriptor: The descriptor's number.
    ///   - interest: What to report.
    /// - Returns: The registration.
    /// - Throws: `system` where the kernel's limit of watches is reached.
    public func add(
        _ source: any EventSource, descriptor: Int32, interest: Interest
    ) throws(SocketError) -> Token {
        let token = shared.withLock { shared in
            let index: UInt32
            if let free = shared.free.popLast() {
                index = free
            } else {
                index = UInt32(shared.slots.count)
                shared.slots.append(Slot())
            }
            shared.slots[Int(index)].source = source
            return Token(index: index, generation: shared.slots[Int(index)].generation)
        }
        do throws(SocketError) {
            try control(EPOLL_CTL_ADD, descriptor, events: interest.bits, bits: token.bits)
        } catch {
            forget(token)
            throw error
        }
        return token
    }

    /// Changes what is reported.
    ///
    /// - Parameters:
    ///   - token: The registration.
    ///   - descriptor: Its descriptor.
    ///   - interest: What to report from now on.
    public func change(_ token: Token, descriptor: Int32, interest: Interest) {
        try? control(EPOLL_CTL_MOD, descriptor, events: interest.bits, bits: token.bits)
    }

    /// Ends a registration; to be called before its descriptor closes.
    ///
    /// A call that is under way on the loop's thread may still end after this.
    ///
    /// - Parameters:
    ///   - token: The registration.
    ///   - descriptor: Its descriptor.
    public func remove(_ token: Token, descriptor: Int32) {
        try? control(EPOLL_CTL_DEL, descriptor, events: 0, bits: 0)
        forget(token)
    }

    /// Asks for a call of `alarmRang()`; several moments of one source are several calls.
    ///
    /// - Parameters:
    ///   - token: Whose source.
    ///   - moment: When, or as soon after as the thread gets to it.
    public func wake(_ token: Token, at moment: ContinuousClock.Instant) {
        let mustNotify = shared.withLock { shared in
            // Sources that went away leave their moments behind: do not let them pile up.
            if shared.timers.count > 4 * shared.liveCount + 1024 {
                let alive = shared
                shared.timers.prune { alive.source($0) != nil }
            }
            shared.timers.insert(token, at: moment)
            guard let sleepsUntil = shared.sleepsUntil, moment < sleepsUntil else { return false }
            shared.sleepsUntil = moment
            return true
        }
        if mustNotify { notify() }
    }

    private func forget(_ token: Token) {
        let source = shared.withLock { shared in
            guard let source = shared.source(token) else { return nil as (any EventSource)? }
            shared.slots[Int(token.index)].source = nil
            shared.slots[Int(token.index)].generation &+= 1
            shared.free.append(token.index)
            return source
        }
        // Released outside the lock: a last reference may close things.
        withExtendedLifetime(source) {}
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, events: UInt32, bits: UInt64
    ) throws(SocketError) {
        var event = unsafe epoll_event()
        unsafe event.events = events
        unsafe event.data.u64 = bits
        guard unsafe epoll_ctl(poller.number, operation, descriptor, &event) == 0 else {
            throw SocketError(operation: "epoll_ctl", number: errno)
        }
    }

    private func notify() {
        _ = eventfd_write(wakeUp.number, 1)
    }

    private func run() {
        threadName.store(UInt(pthread_self()), ordering: .relaxed)
        defer { threadName.store(0, ordering: .relaxed) }
        let events = UnsafeMutableBufferPointer<epoll_event>.allocate(
            capacity: Self.batchSize)
        defer { unsafe events.deallocate() }
        var ready: [(source: any EventSource, readiness: Readiness)] = []
        var due: [any EventSource] = []
        var jobs: [UnownedJob] = []
        let executor = unsafe asUnownedTaskExecutor()
        while let (pause, asked) = sleepTime() {
            let count = unsafe epoll_wait(
                poller.number, events.baseAddress, Int32(Self.batchSize), pause)
            let batch = 0..<max(0, Int(count))
            shared.withLock { shared in
                shared.sleepsUntil = nil
                for index in batch {
                    let event = unsafe events[index]
                    guard unsafe event.data.u64 != Self.wakeUpBits else {
                        var value: eventfd_t = 0
                        _ = unsafe eventfd_read(wakeUp.number, &value)
                        continue
                    }
                    let token = unsafe Token(
                        index: UInt32(truncatingIfNeeded: event.data.u64),
                        generation: UInt32(truncatingIfNeeded: event.data.u64 >> 32))
                    guard let source = shared.source(token) else { continue }
                    ready.append((source, unsafe Readiness(rawValue: event.events)))
                }
                // What was due before the system was asked, and not what has become due since: a
                // process that was stopped in between would blame its clients for the time.
                while let token = shared.timers.popDue(asked) {
                    if let source = shared.source(token) { due.append(source) }
                }
            }
            for entry in ready { entry.source.becameReady(entry.readiness) }
            for source in due { source.alarmRang() }
            ready.removeAll(keepingCapacity: true)
            due.removeAll(keepingCapacity: true)
            // After the events, so that it also runs what they have set going. What these jobs set
            // going waits for the next turn: a task that never waits must not keep clients waiting.
            shared.withLock { swap(&$0.jobs, &jobs) }
            for job in jobs {
                unsafe job.runSynchronously(on: executor)
                for source in pausing.withLock({ $0.isEmpty ? [] : exchange(&$0, with: []) }) {
                    source.taskPaused()
                }
            }
            jobs.removeAll(keepingCapacity: true)
        }
    }

    /// Milliseconds until the next moment, -1 for ever, and as of when; nil when the loop is to end.
    private func sleepTime() -> (pause: Int32, now: ContinuousClock.Instant)? {
        shared.withLock { shared in
            guard !shared.isStopping else { return nil }
            let now = ContinuousClock.now
            guard shared.jobs.isEmpty else { return (0, now) }
            guard let next = shared.timers.next else {
                shared.sleepsUntil = now + .seconds(1_000_000)
                return (-1, now)
            }
            shared.sleepsUntil = next
            let rest = now.duration(to: next).components
            guard rest.seconds >= 0, rest.attoseconds >= 0 else { return (0, now) }
            // Rounded up: waking early would mean to spin through the last millisecond.
            let milliseconds = min(rest.seconds, 1_000_000) * 1000
            return (Int32(milliseconds + rest.attoseconds / 1_000_000_000_000_000 + 1), now)
        }
    }
}
