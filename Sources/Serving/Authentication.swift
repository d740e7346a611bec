import Accounts
import HTTP
import Inference

/// The check of API keys.
struct Authentication: Sendable {
    /// Paths that answer without a key: probes carry none.
    static let probes: Set<String> = ["/health", "/v1/health", "/ready"]

    private let keys: KeyRing?
    private let publicPaths: Set<String>

    /// Asks for one of `keys`, or for none if there are none.
    init(keys: KeyRing?, opensMetrics: Bool) {
        self.keys = keys
        publicPaths = opensMetrics ? Self.probes.union(["/metrics"]) : Self.probes
    }

    /// Lets the request pass or throws.
    ///
    /// - Returns: What it holds until its end; nil where no key was asked for.
    func admit(_ request: HTTPRequest) throws(ServingError) -> Admission? {
        guard let keys, !publicPaths.contains(request.path) else { return nil }
        guard let offered = offeredKey(request.fields),
            let account = keys.account(ofKey: offered.utf8)
        else { throw .unauthorized }
        RequestRecord.current?.note { $0.account = account.name }
        do {
            return try keys.admit(account)
        } catch {
            throw .quota(error)
        }
    }

    private func offeredKey(_ fields: HTTPFields) -> String? {
        if let authorization = fields[.authorization] {
            let parts = authorization.split(separator: " ", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "bearer" { return String(parts[1]) }
        }
        return fields[.apiKey]
    }
}

/// Who asks.
enum Requester {
    /// What the request that the task answers was admitted with; nil without keys.
    @TaskLocal static var admission: Admission?

    /// Refuses a model that the key may not ask for; `auto` names none.
    static func check(model: String?) throws(ServingError) {
        guard let account = admission?.account, let model, model != API.automatic,
            !account.allows(model: model), !account.allows(model: model.withoutOllamaTag)
        else { return }
        throw .modelNotAllowed(
            model: String(model.prefix(64)), allowed: (account.models ?? []).sorted())
    }

    /// Leaves the choice among the models that the key may ask for.
    static func narrow(_ job: inout CompletionJob) {
        guard let models = admission?.account.models else { return }
        job.forEachRequest { $0.members = models }
    }

    /// Whether an answer that `owner` asked for is this one's to see and change.
    static func owns(_ owner: String?) -> Bool {
        guard let account = admission?.account else { return true }
        return account.isAdmin || account.name == owner
    }
}

extension Admission {
    /// Tells where the account stands, and counts the request as running until the answer has
    /// been written.
    func attend(_ response: inout HTTPResponse) {
        if let rate {
            response.fields[.rateLimit] = "\(rate.limit)"
            response.fields[.rateRemaining] = "\(rate.remaining)"
            let milliseconds = Int((rate.secondsToReset * 1000).rounded(.up))
            response.fields[.rateReset] = "\(Double(milliseconds) / 1000)s"
        }
        guard case .stream(let body) = response.body else { return release() }
        // A body that nobody runs is dropped, and this with it.
        response.body = .stream { writer in
            defer { self.release() }
            try await body(writer)
        }
    }
}

extension ErrorShape {
    /// How the clients of a path read errors, where no handler has seen the request.
    static func usual(at path: String, of method: HTTPMethod) -> ErrorShape {
        if path.hasPrefix("/api/") { return .text }
        return path == "/generate_stream" || (path == "/" && method == .post) ? .pair : .object
    }
}
