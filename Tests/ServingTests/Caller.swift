import HTTP
import Logging
import Testing
import Tokenization

@testable import Serving

/// A client without a socket: requests straight into the API.
struct Caller {
    let service: ScriptedService
    let api: API

    init(
        _ script: ScriptedService.Script = .init(), ready: Bool = true,
        logger: Logger = Logger(label: "serving") { _ in SwiftLogNoOpLogHandler() },
        configure: (inout ServingConfiguration) -> Void = { _ in }
    ) {
        service = ScriptedService(script)
        var configuration = ServingConfiguration()
        configure(&configuration)
        api = API(
            service: service, configuration: configuration,
            logger: logger)
        if ready { api.markReady() }
    }

    func call(
        _ method: HTTPMethod = .get, _ path: String, _ body: [UInt8] = [],
        fields: HTTPFields = [:]
    ) async throws -> Reply {
        let request = try HTTPRequest(method: method, target: path, fields: fields, body: body)
        let response = try await api.respond(to: request)
        return Reply(
            status: response.status.code, fields: response.fields,
            bytes: try await response.collectBody())
    }

    func post(_ path: String, _ json: String, fields: HTTPFields = [:]) async throws -> Reply {
        try await call(.post, path, Array(json.utf8), fields: fields)
    }
}

/// An answer, read strictly.
struct Reply {
    let status: Int
    let fields: HTTPFields
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The text with what differs from run to run replaced: names, times.
    var settled: String {
        text.replacing(/"id":"(chatcmpl|cmpl|gen)-[0-9a-f]{24}"/) { "\"id\":\"\($0.output.1)-ID\"" }
            .replacing(/"created":[0-9]{10}/, with: "\"created\":NOW")
            .replacing(/_ms":[0-9.]+/, with: "_ms\":MS")
            .replacing(/"tokens_per_second":([0-9.]+|null)/, with: "\"tokens_per_second\":RATE")
    }

    /// The value at a dotted path of the JSON body.
    func at(_ path: String) throws -> TemplateValue? {
        try JSONReader.read(bytes).at(path)
    }

    /// The payloads of an event stream; fails on a frame of any other form.
    func events() throws -> [String] {
        #expect(fields[.contentType] == "text/event-stream")
        var payloads: [String] = []
        for frame in text.split(separator: "\n\n", omittingEmptySubsequences: true) {
            if frame.hasPrefix(":") { continue }
            try #require(frame.hasPrefix("data: "), "frame \(frame)")
            try #require(!frame.contains("\n"), "frame \(frame)")
            payloads.append(String(frame.dropFirst(6)))
        }
        #expect(text.hasSuffix("data: [DONE]\n\n"))
        return payloads
    }

    /// The JSON documents of an event stream.
    func documents() throws -> [TemplateValue] {
        try events().filter { $0 != "[DONE]" }.map { try JSONReader.read(Array($0.utf8)) }
    }
}

extension TemplateValue {
    /// The value at a dotted path; `nil` if there is none.
    func at(_ path: String) -> TemplateValue? {
        path.split(separator: ".").reduce(Optional(self)) { value, step in
            switch value {
            case .object(let members): members.first { $0.key == step }?.value
            case .array(let elements):
                Int(step).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            default: nil
            }
        }
    }

    /// The text, if it is one.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
