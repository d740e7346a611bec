import Glibc
import Sockets
import Synchronization
import Testing

@Suite struct EventLoopTests {
    /// Writes down what the loop tells.
    private final class Recorder: EventSource {
        let readiness: AsyncStream<Readiness>
        let alarms: AsyncStream<ContinuousClock.Instant>
        private let readinessSink: AsyncStream<Readiness>.Continuation
        private let alarmSink: AsyncStream<ContinuousClock.Instant>.Continuation

        init() {
            (readiness, readinessSink) = AsyncStream.makeStream()
            (alarms, alarmSink) = AsyncStream.makeStream()
        }

        func becameReady(_ readiness: Readiness) { readinessSink.yield(readiness) }
        func alarmRang() { alarmSink.yield(.now) }
    }

    private func withLoop(_ body: (EventLoop) async throws -> Void) async throws {
        let loop = try EventLoop()
        try loop.start()
        defer { loop.stop() }
        try await body(loop)
    }

    private func next(
        _ recorder: Recorder, until bit: Readiness
    ) async -> Readiness {
        var seen: Readiness = []
        for await readiness in recorder.readiness {
            seen.formUnion(readiness)
            if seen.contains(bit) { break }
        }
        return seen
    }

    @Test(.timeLimit(.minutes(1)))
    func `bytes, a FIN and a reset are each reported`() async throws {
        try await withLoop { loop in
            let listener = try Listener(address: SocketAddress(host: "127.0.0.1", port: 0))
            let client = try SocketStream.connect(to: listener.address)
            guard case .connection(let stream, _) = listener.accept() else {
                Issue.record("the client was not accepted")
                return
            }
            let recorder = Recorder()
            let token = try loop.add(
                recorder, descriptor: stream.descriptorNumber, interest: .changes)
            #expect(await next(recorder, until: .writable).contains(.readable) == false)
            _ = try client.write([1][...], [])
            #expect(await next(recorder, until: .readable).contains(.halfClosed) == false)
            client.finishWriting()
            #expect(await next(recorder, until: .halfClosed).contains(.hungUp) == false)
            stream.finishWriting()
            #expect(await next(recorder, until: .hungUp).contains(.hungUp))
            loop.remove(token, descriptor: stream.descriptorNumber)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `alarms ring in order and never early, whoever asked for them`() async throws {
        try await withLoop { loop in
            let (stream, peer) = try SocketStream.pair()
            let recorder = Recorder()
            let token = try loop.add(
                recorder, descriptor: stream.descriptorNumber, interest: .nothing)
            let start = ContinuousClock.now
            // The thread already sleeps towards the late one when the early one is asked for.
            loop.wake(token, at: start + .milliseconds(120))
            loop.wake(token, at: start + .milliseconds(40))
            var iterator = recorder.alarms.makeAsyncIterator()
            #expect(try #require(await iterator.next()) >= start + .milliseconds(40))
            #expect(try #require(await iterator.next()) >= start + .milliseconds(120))
            loop.remove(token, descriptor: stream.descriptorNumber)
            withExtendedLifetime(peer) {}
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a removed source hears nothing, though its number is used again`() async throws {
        try await withLoop { loop in
            let (stream, peer) = try SocketStream.pair()
            let (old, new) = (Recorder(), Recorder())
            let first = try loop.add(old, descriptor: stream.descriptorNumber, interest: .nothing)
            loop.wake(first, at: .now + .milliseconds(20))
            loop.remove(first, descriptor: stream.descriptorNumber)
            let second = try loop.add(
                new, descriptor: stream.descriptorNumber, interest: .readable)
            #expect(first != second)
            loop.wake(second, at: .now + .milliseconds(60))
            var alarms = new.alarms.makeAsyncIterator()
            _ = await alarms.next()
            _ = try peer.write([1][...], [])
            #expect(await next(new, until: .readable) == .readable)
            loop.remove(second, descriptor: stream.descriptorNumber)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `tasks that prefer the loop run on its thread, children and resumptions too`()
        async throws
    {
        try await withLoop { loop in
            let threads = await withTaskExecutorPreference(loop) {
                async let child = threadNumber()
                let first = threadNumber()
                try? await Task.sleep(for: .milliseconds(1))
                await Task.yield()
                return [first, threadNumber(), await child]
            }
            #expect(Set(threads).count == 1)
            #expect(threads[0] != threadNumber())
        }
    }

    /// Counts its calls.
    private final class Counter: EventSource {
        let calls = Atomic<Int>(0)

        func becameReady(_ readiness: Readiness) {}
        func alarmRang() {}
        func taskPaused() { calls.add(1, ordering: .relaxed) }
    }

    @Test(.timeLimit(.minutes(1)))
    func `whoever asks is called when the task pauses, once for each time, and not before`()
        async throws
    {
        try await withLoop { loop in
            let counter = Counter()
            let seen = await withTaskExecutorPreference(loop) {
                var seen: [Int] = []
                for count in 1...3 {
                    for _ in 0..<count {
                        #expect(loop.callAfterTask(counter))
                        seen.append(counter.calls.load(ordering: .relaxed))
                    }
                    await Task.yield()
                    seen.append(counter.calls.load(ordering: .relaxed))
                }
                return seen
            }
            #expect(seen == [0, 1, 1, 1, 3, 3, 3, 3, 6])
            #expect(!loop.callAfterTask(counter))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a task that only ever yields keeps no alarm from ringing`() async throws {
        try await withLoop { loop in
            let (stream, peer) = try SocketStream.pair()
            let recorder = Recorder()
            let token = try loop.add(
                recorder, descriptor: stream.descriptorNumber, interest: .nothing)
            await withTaskGroup { group in
                group.addTask(executorPreference: loop) {
                    while !Task.isCancelled { await Task.yield() }
                }
                loop.wake(token, at: .now + .milliseconds(20))
                var alarms = recorder.alarms.makeAsyncIterator()
                #expect(await alarms.next() != nil)
                group.cancelAll()
            }
            loop.remove(token, descriptor: stream.descriptorNumber)
            withExtendedLifetime(peer) {}
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `tasks outlive their loop, and those of a loop to come wait for it`() async throws {
        let loop = try EventLoop()
        await withTaskGroup { group in
            let (stops, stop) = AsyncStream.makeStream(of: Void.self)
            group.addTask(executorPreference: loop) {
                for await _ in stops {}
            }
            do { try loop.start() } catch { Issue.record("\(error)") }
            stop.yield()
            loop.stop()
            stop.finish()
            // Begun when no thread is left to run it.
            group.addTask(executorPreference: loop) { await Task.yield() }
        }
    }
}

private func threadNumber() -> UInt { UInt(pthread_self()) }
