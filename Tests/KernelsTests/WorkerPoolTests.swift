import Foundation
import Kernels
import Synchronization
import TestSupport
import Testing

@Suite struct WorkerPoolTests {
    @Test(arguments: [1, 2, 3, 8])
    func `every task runs exactly once`(threads: Int) throws {
        let pool = try WorkerPool(threadCount: threads)
        for tasks in [0, 1, 2, 7, 1000] {
            let counts = Mutex([Int](repeating: 0, count: tasks))
            pool.run(tasks: tasks) { task, worker in
                #expect((0..<threads).contains(worker))
                counts.withLock { $0[task] += 1 }
            }
            #expect(counts.withLock { $0 } == [Int](repeating: 1, count: tasks))
        }
    }

    @Test func `thousands of tiny regions finish, from several callers`() async throws {
        let pool = try WorkerPool(threadCount: 3)
        let sum = ReleaseCount()
        await withTaskGroup { group in
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<2000 {
                        pool.run(tasks: 5) { task, _ in sum.add(task) }
                    }
                }
            }
        }
        #expect(sum.total == 3 * 2000 * 10)
    }

    @Test func `regions inside of alone run on the caller's thread, those after it on all`() throws
    {
        let pool = try WorkerPool(threadCount: 3)
        let own = UInt(pthread_self())
        let others = Mutex(Set<UInt>())
        pool.alone {
            pool.alone {}
            pool.run(tasks: 50) { _, worker in
                #expect(worker == 0)
                others.withLock { _ = $0.insert(UInt(pthread_self())) }
            }
        }
        #expect(others.withLock { $0 } == [own])
        while others.withLock({ $0.count }) < 2 {
            pool.run(tasks: 50) { _, _ in
                usleep(100)
                others.withLock { _ = $0.insert(UInt(pthread_self())) }
            }
        }
    }

    @Test func `one worker runs one task at a time`() throws {
        let pool = try WorkerPool(threadCount: 4)
        let busy = Mutex([Bool](repeating: false, count: 4))
        for _ in 0..<300 {
            pool.run(tasks: 12) { _, worker in
                #expect(!busy.withLock { exchange(&$0[worker], with: true) })
                busy.withLock { $0[worker] = false }
            }
        }
    }

    private func exchange(_ value: inout Bool, with new: Bool) -> Bool {
        defer { value = new }
        return value
    }

    @Test func `a region inside of a task runs at once on its thread`() throws {
        let pool = try WorkerPool(threadCount: 3)
        let inner = ReleaseCount()
        pool.run(tasks: 6) { _, outer in
            pool.run(tasks: 4) { task, worker in
                #expect(worker == outer)
                inner.add(task)
            }
        }
        #expect(inner.total == 6 * 6)
    }

    @Test func `a pool inside of another's task works`() throws {
        let (outer, inner) = (try WorkerPool(threadCount: 2), try WorkerPool(threadCount: 2))
        let sum = ReleaseCount()
        outer.run(tasks: 4) { _, _ in
            inner.run(tasks: 3) { task, _ in sum.add(task) }
        }
        #expect(sum.total == 12)
    }

    @Test func `regions wake workers that fell asleep`() throws {
        let pool = try WorkerPool(threadCount: 2)
        let sum = ReleaseCount()
        for _ in 0..<20 {
            usleep(1500)
            pool.run(tasks: 2) { task, _ in sum.add(task + 1) }
        }
        #expect(sum.total == 60)
    }

    @Test func `an idle pool uses no processor time`() throws {
        let pool = try WorkerPool(threadCount: 2)
        let found = Mutex<String?>(nil)
        for _ in 0..<1000 where found.withLock({ $0 == nil }) {
            pool.run(tasks: 2) { _, worker in
                usleep(100)
                guard worker == 1 else { return }
                let thread = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/thread-self")
                found.withLock { $0 = thread }
            }
        }
        let thread = try #require(found.withLock { $0 })
        let name = try String(contentsOfFile: "/proc/\(thread)/comm", encoding: .utf8)
        #expect(name == "laconic-w0\n")
        usleep(20_000)
        let before = try processorTime(of: thread)
        usleep(200_000)
        #expect(try processorTime(of: thread) == before)
        withExtendedLifetime(pool) {}
    }

    /// Nanoseconds that a thread has run, as the scheduler counts them.
    private func processorTime(of thread: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(thread)/schedstat", encoding: .utf8)
        return try #require(text.split(separator: " ").first.flatMap { Int($0) })
    }

    @Test func `pools come and go`() throws {
        for threads in 1...40 {
            let pool = try WorkerPool(threadCount: threads % 5 + 1)
            let sum = ReleaseCount()
            pool.run(tasks: 3) { task, _ in sum.add(task) }
            #expect(sum.total == 3)
        }
    }

    @Test func `a split covers the range in shares of whole grains`() throws {
        var generator = SeededGenerator(seed: 11)
        let pool = try WorkerPool(threadCount: 3)
        for _ in 0..<50 {
            let count = Int.random(in: 0...200, using: &generator)
            let grain = Int.random(in: 1...17, using: &generator)
            let ranges = Mutex([Range<Int>]())
            pool.split(count, grain: grain) { range, _ in ranges.withLock { $0.append(range) } }
            let sorted = ranges.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
            #expect(sorted.flatMap(Array.init) == Array(0..<count))
            #expect(sorted.dropLast().allSatisfy { $0.upperBound % grain == 0 })
        }
    }
}
