public import Sockets
import Synchronization

/// An HTTP/1.1 server on one or more addresses.
///
/// One or more event-loop threads read, parse, watch the clock and send. Each connection has a task
/// below `run()`, which prefers its loop's thread, and its requests are answered in a child of that.
/// Handlers and the bodies of streams run on the loop; those of routes that compute run on the
/// threads of the concurrency pool (`EndpointTable.Place`). Tasks are cancelled as soon as the
/// client hangs up: at once after a reset, by `HTTPLimits.halfCloseGrace` after a FIN while nothing
/// has been answered, by the next write after a FIN within a streaming response.
public final class HTTPServer: Sendable {
    private enum Lifecycle {
        case bound([Acceptor])
        case running([Acceptor])
        case ended
    }

    /// Where the server listens, in the order of the configuration's entrances, with the ports the
    /// system chose where 0 was asked for.
    public let localAddresses: [SocketAddress]

    private let loops: [EventLoop]
    private let context: ServerContext
    private let registry = ConnectionRegistry()
    private let lifecycle: Mutex<Lifecycle>
    private let arrivals = AsyncStream.makeStream(of: Connection.self)
    private let shutdowns = AsyncStream.makeStream(of: Duration.self)

    /// Binds and listens; clients wait in the kernel's backlog until `run()`.
    ///
    /// - Parameters:
    ///   - configuration: Address and limits.
    ///   - handler: Answers requests, for example `table.respond(to:)`.
    ///   - errorBody: Makes the bodies of the server's own answers.
    /// - Throws: `addressInUse`, `permissionDenied` and their like.
    public init(
        configuration: HTTPServerConfiguration,
        handler: @escaping HTTPHandler,
        errorBody: @escaping HTTPErrorResponder = HTTPServer.plainError
    ) throws(SocketError) {
        precondition(!configuration.entrances.isEmpty, "a server without an entrance")
        var loops: [EventLoop] = []
        for _ in 0..<max(1, configuration.eventLoopCount) { loops.append(try EventLoop()) }
        self.loops = loops
        context = ServerContext(
            configuration: configuration, handler: handler, errorResponder: errorBody)
        var acceptors: [Acceptor] = []
        for entrance in configuration.entrances {
            let listener =
                switch entrance.place {
                case .address(let address):
                    try Listener(address: address, backlog: configuration.backlog)
                case .inherited(let descriptor): try Listener(inheriting: descriptor)
                }
            acceptors.append(
                Acceptor(
                    listener: listener, tls: entrance.tls, loops: loops, registry: registry,
                    context: context
                ) { [arrivals] in arrivals.continuation.yield($0) })
        }
        localAddresses = acceptors.map(\.address)
        lifecycle = Mutex(.bound(acceptors))
    }

    /// The first of `localAddresses`.
    public var localAddress: SocketAddress { localAddresses[0] }

    /// How many connections are open.
    public var connectionCount: Int { registry.count }

    /// Starts a task on the first event loop's thread, where it begins once `run()` has.
    ///
    /// - Parameter work: What to do; it must not hold up the thread.
    /// - Returns: The task, which `run()` does not wait for.
    public func startOnLoop(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: loops[0]) { await work() }
    }

    /// Waits until each event loop has run a task.
    public func waitForTurn() async {
        for loop in loops { await Task(executorPreference: loop) {}.value }
    }

    /// Serves until `beginShutdown(grace:)` has run its course or the task is cancelled.
    ///
    /// Cancelling cancels all handlers and closes all connections at once. To be called once.
    ///
    /// - Throws: What the system refuses while the server starts.
    public func run() async throws(SocketError) {
        guard let acceptors = begin() else { return }
        defer {
            for loop in loops { loop.stop() }
            // A client that the loop took in while everything ended.
            terminate()
        }
        for loop in loops { try loop.start() }
        for acceptor in acceptors { try acceptor.start() }
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.watchShutdowns() }
                await serveArrivals()
                group.cancelAll()
            }
        } onCancel: {
            terminate()
        }
    }

    /// Stops accepting, closes idle connections and gives the others `grace` to end.
    ///
    /// Handlers that still run after `grace` are cancelled and their connections closed; `run()`
    /// returns when all have ended. A second call can only shorten the grace.
    ///
    /// - Parameter grace: How long handlers may go on.
    public func beginShutdown(grace: Duration) {
        context.drain()
        stopAccepting()
        shutdowns.continuation.yield(grace)
        for connection in registry.all { connection.closeIfIdle() }
    }

    /// The default error body: the error's one line as plain text.
    ///
    /// - Parameter error: What went wrong.
    /// - Returns: A `text/plain` response.
    public static func plainError(_ error: HTTPError) -> HTTPResponse {
        HTTPResponse(
            status: error.status, type: "text/plain; charset=utf-8",
            bytes: Array("\(error)\n".utf8))
    }

    private func begin() -> [Acceptor]? {
        lifecycle.withLock { lifecycle in
            switch lifecycle {
            case .bound(let acceptors):
                lifecycle = .running(acceptors)
                return acceptors
            case .running: preconditionFailure("run() is to be called once")
            case .ended: return nil
            }
        }
    }

    private func stopAccepting() {
        lifecycle.withLock { lifecycle in
            if case .running(let acceptors) = lifecycle {
                for acceptor in acceptors { acceptor.stop() }
            }
            lifecycle = .ended
        }
        arrivals.continuation.finish()
    }

    /// Ends everything now.
    private func terminate() {
        context.drain()
        stopAccepting()
        for connection in registry.all { connection.close() }
    }

    private func serveArrivals() async {
        await withDiscardingTaskGroup { group in
            for await connection in arrivals.stream {
                // Too late: it came in between the last look at the idle ones and the last accept.
                if context.isDraining { connection.closeIfIdle() }
                group.addTask(executorPreference: connection.loop) {
                    await connection.serve()
                    self.registry.remove(connection)
                    self.context.traffic.noteClosing()
                }
            }
        }
    }

    private func watchShutdowns() async {
        await withDiscardingTaskGroup { group in
            for await grace in shutdowns.stream {
                group.addTask {
                    guard (try? await Task.sleep(for: grace)) != nil else { return }
                    self.terminate()
                }
            }
        }
    }
}
