import Foundation
public import Sockets

/// The endpoint that a load goes to.
public struct LoadTarget: Sendable, Equatable {
    /// How it is asked.
    public enum API: String, Sendable, CaseIterable {
        /// `POST /v1/completions`.
        case completions
        /// `POST /v1/chat/completions`.
        case chat
        /// `POST /generate` of this program, with a budget.
        case generate

        var path: String {
            switch self {
            case .completions: "/v1/completions"
            case .chat: "/v1/chat/completions"
            case .generate: "/generate"
            }
        }
    }

    /// How it is asked.
    public let api: API
    /// Where it listens.
    public let address: SocketAddress
    /// What the `Host` field says.
    let host: String
    /// The endpoint's path.
    let path: String
    /// The path of the list of models.
    let modelsPath: String
    /// The address as it was given.
    let url: String

    /// Finds out what an address means.
    ///
    /// - Parameters:
    ///   - url: `http://host:port`, with or without `/v1`, or the endpoint's whole address. The
    ///     name is looked up, which blocks.
    ///   - api: How to ask; nil for what the address says.
    ///   - fallback: How to ask where neither says.
    /// - Throws: `BenchmarkError.address`.
    public init(
        url: String, api: API? = nil, fallback: API = .completions
    ) throws(BenchmarkError) {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme,
            let host = parts.host, !host.isEmpty
        else { throw .address(url, reason: "expected http://host:port") }
        guard scheme != "https" else {
            throw .address(
                url, reason: "https is not spoken here: name the server's plain http port")
        }
        guard scheme == "http", parts.user == nil, parts.query == nil, parts.fragment == nil else {
            throw .address(url, reason: "expected http://host:port without user, query or fragment")
        }
        var base = parts.percentEncodedPath
        while base.hasSuffix("/") { base.removeLast() }
        let spoken = [
            ("/chat/completions", API.chat), ("/completions", .completions),
            ("/generate", .generate),
        ].first { base.hasSuffix($0.0) }
        if let api, let spoken, spoken.1 != api {
            throw .address(url, reason: "which is not an address of --api \(api.rawValue)")
        }
        let prefix = String(base.dropLast(spoken?.0.count ?? 0))
        let root = prefix.hasSuffix("/v1") ? String(prefix.dropLast(3)) : prefix
        self.api = spoken?.1 ?? api ?? fallback
        path = spoken == nil ? root + self.api.path : base
        modelsPath = root + "/v1/models"
        let port = parts.port ?? 80
        self.host = port == 80 ? host : "\(host):\(port)"
        self.url = url
        do throws(SocketError) {
            address = try SocketAddress(host: host, port: port)
        } catch {
            throw .address(url, reason: "\(error)")
        }
    }
}
