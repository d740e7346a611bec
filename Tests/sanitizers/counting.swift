import Glibc
import Synchronization

// Two threads, or two tasks, that count together. Tests/sanitize runs this before any test:
// `racing` must be reported by ThreadSanitizer, by source line, and `locked` must not.

/// A number that nothing guards: what a forgotten lock leaves.
final class Unguarded: @unchecked Sendable {
    var count = 0
}

/// Who has arrived; relaxed, so that it orders nothing else.
let arrived = Atomic<Int>(0)
let unguarded = Unguarded()
let guarded = Mutex(Unguarded())
let isLocked = CommandLine.arguments.last == "locked"

/// Counts as soon as two do, so that neither has ended before the other begins.
@Sendable func count() {
    arrived.add(1, ordering: .relaxed)
    for _ in 0..<5000 where arrived.load(ordering: .relaxed) < 2 { usleep(1000) }
    for round in 0..<1000 {
        if isLocked {
            guarded.withLock {
                $0.count += 1
                // long enough for the other to sleep on the lock, which then takes another way
                if round % 100 == 0 { usleep(2000) }
            }
        } else {
            unguarded.count += 1
        }
    }
}

func countInThreads() {
    var threads: [pthread_t] = []
    for _ in 0..<2 {
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { _ in
                count()
                return nil
            }, nil)
        precondition(code == 0)
        threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
}

func countInTasks() async {
    await withTaskGroup(of: Void.self) { group in
        for _ in 0..<2 { group.addTask { count() } }
    }
}

if CommandLine.arguments.dropFirst().first == "tasks" {
    await countInTasks()
} else {
    countInThreads()
}
print(isLocked ? guarded.withLock { $0.count } : unguarded.count)
