/// The routes of a server: method and path to handler.
///
/// A path template's segments are literal or `{name}`, which matches any one non-empty segment and
/// lands in `HTTPRequest.parameters`. Literal segments win over names. `HEAD` is answered by `GET`'s
/// handler and `OPTIONS` by the table itself, unless they have a handler of their own.
public struct EndpointTable: Sendable {
    /// One registered route.
    public struct Route: Sendable, Hashable {
        /// The method.
        public let method: HTTPMethod
        /// The path template as registered.
        public let path: String
    }

    /// Where a handler runs.
    public enum Place: Sendable {
        /// On the thread that serves the connection, and many others: for what is answered in some
        /// ten microseconds.
        case loop
        /// On the threads of the concurrency pool, so that others are served meanwhile.
        case pool
    }

    private struct Endpoint: Sendable {
        var handler: HTTPHandler
        var place: Place
    }

    private struct Node: Sendable {
        var literals: [String: Node] = [:]
        var wildcard: [Wildcard] = []
        var handlers: [String: Endpoint] = [:]
        /// The path template, where there are handlers.
        var template: String?
    }

    /// At most one; an array because a struct cannot hold itself.
    private struct Wildcard: Sendable {
        var name: String
        var node: Node
    }

    private struct Match {
        var handlers: [String: Endpoint]
        var template: String?
        var parameters: [String: String]
    }

    /// All routes, in the order of their registration.
    public private(set) var routes: [Route] = []
    private var root = Node()

    /// A table without routes.
    public init() {}

    /// Registers a handler.
    ///
    /// A programming error traps: a template without its leading slash, a route registered twice,
    /// two names for the same segment.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - path: The template, for example `/v1/models/{id}`.
    ///   - place: Where the handler runs; the body of a stream runs on the loop in either case.
    ///   - handler: The handler.
    public mutating func add(
        _ method: HTTPMethod, _ path: String, on place: Place = .pool,
        _ handler: @escaping HTTPHandler
    ) {
        precondition(path.utf8.first == UInt8(ascii: "/"), "route '\(path)' begins with no slash")
        let segments =
            path == "/"
            ? [] : path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        Self.add(
            Endpoint(handler: handler, place: place), method: method.rawValue, at: segments,
            below: &root, path: path)
        routes.append(Route(method: method, path: path))
    }

    /// Finds the handler for `request` and runs it.
    ///
    /// - Parameter request: The request.
    /// - Returns: The handler's response, or a 204 with `Allow` to a plain `OPTIONS`.
    /// - Throws: `notFound`, `methodNotAllowed`, or what the handler throws.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        let method = request.method.rawValue
        if request.target.path == "*" {
            return Self.options(Self.allowed(routes.map(\.method.rawValue)))
        }
        guard let match = Self.match(request.target.segments[...], below: root) else {
            throw HTTPError.notFound(path: request.path)
        }
        if let endpoint = match.handlers[method] ?? (method == "HEAD" ? match.handlers["GET"] : nil)
        {
            var request = request
            if !match.parameters.isEmpty { request.parameters = match.parameters }
            return switch endpoint.place {
            case .loop: try await endpoint.handler(request)
            case .pool: try await offLoop { [request] in try await endpoint.handler(request) }
            }
        }
        let allowed = Self.allowed(match.handlers.keys)
        guard method == "OPTIONS" else {
            throw HTTPError.methodNotAllowed(method: method, allowed: allowed)
        }
        return Self.options(allowed)
    }

    /// The path template of the routes that a path belongs to, whatever the method.
    ///
    /// - Parameter target: The request's target.
    /// - Returns: The template as registered; nil where no route has the path.
    public func template(for target: RequestTarget) -> String? {
        Self.match(target.segments[...], below: root)?.template
    }

    private static func options(_ allowed: [String]) -> HTTPResponse {
        HTTPResponse(status: .noContent, fields: [.allow: allowed.joined(separator: ", ")])
    }

    private static func allowed(_ handled: some Sequence<String>) -> [String] {
        var methods = Set(handled).union(["OPTIONS"])
        if methods.contains("GET") { methods.insert("HEAD") }
        return methods.sorted()
    }

    private static func add(
        _ endpoint: Endpoint, method: String, at segments: [Substring],
        below node: inout Node, path: String
    ) {
        guard let segment = segments.first else {
            let earlier = node.handlers.updateValue(endpoint, forKey: method)
            node.template = path
            precondition(earlier == nil, "route '\(method) \(path)' is registered twice")
            return
        }
        let rest = Array(segments.dropFirst())
        if segment.hasPrefix("{"), segment.hasSuffix("}") {
            let name = String(segment.dropFirst().dropLast())
            if node.wildcard.isEmpty { node.wildcard = [Wildcard(name: name, node: Node())] }
            precondition(
                node.wildcard[0].name == name,
                "route '\(path)' renames segment '\(node.wildcard[0].name)'")
            add(endpoint, method: method, at: rest, below: &node.wildcard[0].node, path: path)
        } else {
            add(
                endpoint, method: method, at: rest,
                below: &node.literals[String(segment), default: Node()], path: path)
        }
    }

    /// The depth is that of the longest template, not of the request.
    private static func match(_ segments: ArraySlice<String>, below node: Node) -> Match? {
        guard let segment = segments.first else {
            return node.handlers.isEmpty
                ? nil : Match(handlers: node.handlers, template: node.template, parameters: [:])
        }
        if let next = node.literals[segment], let match = match(segments.dropFirst(), below: next) {
            return match
        }
        guard let wildcard = node.wildcard.first, !segment.isEmpty,
            var match = match(segments.dropFirst(), below: wildcard.node)
        else { return nil }
        match.parameters[wildcard.name] = segment
        return match
    }
}
