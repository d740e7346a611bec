public import Sockets

/// An HTTP/1.1 server on one address.
///
/// Each connection has a task of its own below `run()`; it is cancelled when the client hangs up.
public final class HTTPServer: Sendable {
    /// Where the server listens, with the port the system chose where 0 was asked for.
    public let localAddress: SocketAddress
    private let configuration: HTTPServerConfiguration
    private let handler: HTTPHandler
    private let errorResponder: HTTPErrorResponder

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
        self.configuration = configuration
        self.handler = handler
        errorResponder = errorBody
        localAddress = configuration.address
    }

    /// Serves until `beginShutdown(grace:)` has run its course or the task is cancelled.
    ///
    /// Cancelling cancels all handlers and closes all connections at once. To be called once.
    ///
    /// - Throws: What the system refuses while the server starts.
    public func run() async throws(SocketError) {
    }

    /// Stops accepting, closes idle connections and gives the others `grace` to end.
    ///
    /// Handlers that still run after `grace` are cancelled and their connections closed; `run()`
    /// returns when all have ended. A second call can only shorten the grace.
    ///
    /// - Parameter grace: How long handlers may go on.
    public func beginShutdown(grace: Duration) {
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
}
