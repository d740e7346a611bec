import Sockets
import Testing

@testable import HTTP

@Suite struct ConnectionClockTests {
    private let limits = HTTPLimits()
    private static let noBody: @Sendable (Int) -> any BodyChannel = { _ in
        fatalError("no body is asked for")
    }

    /// A connection whose client has a full receive buffer and bytes waiting for it behind that.
    private func heldUp(_ wakeups: inout Wakeups) throws -> (ConnectionState, client: SocketStream)
    {
        let (stream, client) = try SocketStream.pair()
        var state = ConnectionState(
            stream: stream, peer: nil, limits: limits, traffic: HTTPTraffic())
        (state.phase, state.isNew) = (.exchange, false)
        while state.output.isEmpty {
            _ = state.send([UInt8](repeating: 65, count: 4096), [], &wakeups)
        }
        return (state, client)
    }

    @Test func `a client that has taken nothing for the whole time is dropped at a second look`()
        throws
    {
        var wakeups = Wakeups()
        var (state, client) = try heldUp(&wakeups)
        let due = state.writeSince + limits.writeTimeout
        for quarter in 1...4 {
            let look = state.writeSince + limits.writeTimeout / 4 * quarter
            #expect(state.deadline == look)
            state.alarmRang(now: look, &wakeups)
        }
        #expect(state.phase == .exchange)
        let secondLook = due + ConnectionState.secondLookPause
        #expect(state.deadline == secondLook)
        state.alarmRang(now: secondLook - .milliseconds(1), &wakeups)
        #expect(state.phase == .exchange)
        state.alarmRang(now: secondLook, &wakeups)
        #expect(state.phase == .closed)
        withExtendedLifetime(client) {}
    }

    @Test func `a client that takes little is kept though the kernel reports no room for it`()
        throws
    {
        var wakeups = Wakeups()
        var (state, client) = try heldUp(&wakeups)
        var now = state.writeSince
        var taken: [UInt8] = []
        // Nobody tells the state of room, as on a line that takes longer to make it than a timeout.
        for _ in 0..<12 {
            _ = try client.read(appendingTo: &taken, upTo: 4096)
            for _ in 0..<3 {
                now = try #require(state.deadline)
                state.alarmRang(now: now, &wakeups)
            }
        }
        #expect(now > state.connectedAt + limits.writeTimeout * 8)
        #expect(state.phase == .exchange)
        let last = state.writeSince
        while state.phase == .exchange {
            now = try #require(state.deadline)
            state.alarmRang(now: now, &wakeups)
        }
        #expect(now == last + limits.writeTimeout + ConnectionState.secondLookPause)
    }

    @Test func `a client that stood still with the machine is not dropped if it reads right after`()
        throws
    {
        var wakeups = Wakeups()
        var (state, client) = try heldUp(&wakeups)
        // Both slept for an hour in the middle of a wait; the loop comes first.
        let awake = state.writeSince + .seconds(3600)
        state.alarmRang(now: awake, &wakeups)
        var taken: [UInt8] = []
        while case .bytes = try client.read(appendingTo: &taken, upTo: 1 << 16) {}
        state.flush(&wakeups)
        #expect(state.phase == .exchange)
        state.alarmRang(now: state.writeSince, &wakeups)
        #expect(state.phase == .exchange)
    }

    @Test func `a client that still reads its response is not idle`() throws {
        var wakeups = Wakeups()
        var (state, client) = try heldUp(&wakeups)
        state.endExchange(keepsAlive: true, channel: Self.noBody, &wakeups)
        #expect(state.phase == .waiting && !state.output.isEmpty)
        #expect(state.deadline == state.writeSince + limits.writeTimeout / 4)
        let handedOver = state.idleSince
        var taken: [UInt8] = []
        while !state.output.isEmpty {
            while case .bytes = try client.read(appendingTo: &taken, upTo: 1 << 16) {}
            state.flush(&wakeups)
        }
        #expect(state.idleSince > handedOver)
        #expect(state.deadline == state.idleSince + limits.idleTimeout)
    }

    @Test func `a response that is out before its request is whole reaches the client`() throws {
        var wakeups = Wakeups()
        var (state, client) = try heldUp(&wakeups)
        state.bodyHasEnded = false
        let owed = state.output.byteCount
        state.endExchange(keepsAlive: true, channel: Self.noBody, &wakeups)
        #expect(state.phase == .draining)
        client.finishWriting()
        state.becameReady([.readable, .halfClosed], channel: Self.noBody, &wakeups)
        #expect(state.phase == .lingering && state.output.byteCount == owed)
    }

    @Test func `a request that arrives with the standstill's end is not refused as late`() throws {
        var wakeups = Wakeups()
        let (stream, client) = try SocketStream.pair()
        var state = ConnectionState(
            stream: stream, peer: nil, limits: limits, traffic: HTTPTraffic())
        let due = try #require(state.deadline)
        state.alarmRang(now: due + .seconds(60), &wakeups)
        #expect(state.phase == .waiting)
        _ = try client.write(Array("GET / HT".utf8)[...], [])
        state.mayRead = true
        state.pump(channel: Self.noBody, &wakeups)
        #expect(try #require(state.deadline) < due + .seconds(60))
        #expect(state.deadline == state.headSince.map { $0 + limits.headerTimeout })
        state.alarmRang(now: try #require(state.headSince), &wakeups)
        #expect(state.phase == .waiting)
    }
}
