import HTTP
import Logging

extension API {
    /// Methods that routes have; others are one, so that clients cannot add to the metrics.
    private static let methods: Set<HTTPMethod> = [
        .get, .head, .post, .put, .patch, .delete, .options,
    ]
    /// What an exchange counts as whose client left before there was a status.
    private static let clientLeft = 499

    /// Reports when the answer has ended, which a stream does after this returns.
    func observe(
        _ response: inout HTTPResponse, to request: HTTPRequest, _ record: RequestRecord
    ) {
        let status = response.status.code
        switch response.body {
        case .empty:
            report(record, of: request, status: status)
        case .bytes(let bytes):
            if request.method != .head { record.note { $0.byteCount = bytes.count } }
            report(record, of: request, status: status)
        case .stream(let body):
            response.body = .stream { writer in
                try await observe(body, writer, record, request, status)
            }
        case .sized(let count, let body):
            response.body = .sized(count) { writer in
                try await observe(body, writer, record, request, status)
            }
            // Such a body is not run for its head alone.
            if request.method == .head { report(record, of: request, status: status) }
        }
    }

    /// Runs the body of a stream, and reports how it ended.
    private func observe(
        _ body: @Sendable (HTTPBodyWriter) async throws -> Void, _ writer: HTTPBodyWriter,
        _ record: RequestRecord, _ request: HTTPRequest, _ status: Int
    ) async throws {
        do {
            try await body(
                HTTPBodyWriter { (bytes) throws(HTTPError) in
                    try await writer.write(bytes)
                    record.note { $0.byteCount += bytes.count }
                })
        } catch {
            report(record, of: request, status: status, isWhole: false)
            throw error
        }
        report(record, of: request, status: status)
    }

    /// Counts an exchange that has ended, and logs its line.
    func report(
        _ record: RequestRecord, of request: HTTPRequest, status: Int?, isWhole: Bool = true
    ) {
        let facts = record.facts
        metrics.note(
            ServingMetrics.Exchange(
                handler: facts.route ?? "none",
                method: Self.methods.contains(request.method) ? request.method.rawValue : "other",
                status: status ?? Self.clientLeft))
        guard isLogging else { return }
        let parent = request.fields[.traceParent].flatMap(TraceParent.init)
        log(
            AccessLine(
                id: record.id, traceID: parent?.traceID ?? Identifier.trace(),
                method: request.method.rawValue, path: Self.path(of: request.target),
                status: status, client: request.peer.map { "\($0)" },
                milliseconds: record.milliseconds, isWhole: isWhole, facts: facts))
    }

    /// Counts and logs what HTTP answers itself, of which little is known.
    func report(_ error: HTTPError, as body: ErrorBody, id: String) {
        switch error {
        case .disconnected, .cancelled:
            // Nobody reads this answer, and the handler's end was reported.
            return
        default: break
        }
        metrics.noteFailure(body.code)
        metrics.note(
            ServingMetrics.Exchange(handler: "none", method: "none", status: error.status.code))
        guard isLogging else { return }
        var facts = RequestRecord.Facts()
        facts.failure = body.code ?? "error"
        log(
            AccessLine(
                id: id, traceID: Identifier.trace(), status: error.status.code, milliseconds: 0,
                facts: facts))
    }

    /// Whether anybody takes the lines, which cost more than the counts.
    private var isLogging: Bool {
        switch configuration.accessLog {
        case .off: false
        case .text: logger.logLevel <= .info
        case .json: true
        }
    }

    private func log(_ line: AccessLine) {
        switch configuration.accessLog {
        case .off: break
        case .text: logger.info(line.message, metadata: line.metadata)
        case .json(let take): take(line.json(time: Timestamp.now))
        }
    }

    /// The target's path as sent, which is printable ASCII; what follows '?' is the client's own
    /// business, and so is what stands before the path in a target with a host.
    private static func path(of target: RequestTarget) -> String {
        var path = target.raw.prefix { $0 != "?" }
        if !path.hasPrefix("/"), path != "*" { path = Substring(target.path) }
        return String(path.prefix(256))
    }
}
