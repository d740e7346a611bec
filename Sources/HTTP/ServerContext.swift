import Sockets
import Synchronization

/// What all connections of a server share.
final class ServerContext: Sendable {
    let limits: HTTPLimits
    let traffic: HTTPTraffic
    let serverName: String?
    let compressionThreshold: Int?
    let date = HTTPDate()
    let handler: HTTPHandler
    let tell: @Sendable (String) -> Void
    private let errorResponder: HTTPErrorResponder
    private let draining = Atomic(false)

    init(
        configuration: HTTPServerConfiguration, handler: @escaping HTTPHandler,
        errorResponder: @escaping HTTPErrorResponder
    ) {
        limits = configuration.limits
        traffic = configuration.traffic
        serverName = configuration.serverName
        compressionThreshold = configuration.compressionThreshold
        self.handler = handler
        tell = configuration.tell
        self.errorResponder = errorResponder
    }

    /// Whether connections are to end with the request they are at.
    var isDraining: Bool { draining.load(ordering: .acquiring) }

    /// Turns draining on for good.
    func drain() {
        draining.store(true, ordering: .releasing)
    }

    /// The answer to an error, with the fields that the protocol asks for.
    func response(to error: HTTPError) -> HTTPResponse {
        var response = errorResponder(error)
        response.status = error.status
        for field in error.fields { response.fields[field.name] = field.value }
        return response
    }
}
