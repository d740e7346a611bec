public import Foundation
import Tokenization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Answers from a server that speaks `POST /v1/chat/completions`.
public struct ServerSource: ResponseSource {
    /// Tries before the server is given up.
    static let attempts = 5

    /// The one model that is asked.
    public let members: [Member]
    private let url: URL
    private let key: String?
    private let session: URLSession
    private let firstPause: Duration

    /// Answers from a server.
    ///
    /// - Parameters:
    ///   - url: Its address, with or without `/v1`, or that of the endpoint itself.
    ///   - model: The model's name there.
    ///   - key: Sent as bearer token.
    ///   - firstPause: Rest after the first failure; it doubles with every further one.
    public init(url: URL, model: String, key: String?, firstPause: Duration = .seconds(1)) {
        self.url = Self.endpoint(url)
        self.key = key
        self.firstPause = firstPause
        members = [Member(name: model, origin: self.url.absoluteString)]
        let configuration = URLSessionConfiguration.ephemeral
        // A whole answer comes at once, so silence is no sign of a broken connection.
        configuration.timeoutIntervalForRequest = 6 * 3600
        configuration.timeoutIntervalForResource = 6 * 3600
        configuration.httpMaximumConnectionsPerHost = 1024
        session = URLSession(configuration: configuration)
    }

    /// The endpoint that an address means.
    static func endpoint(_ url: URL) -> URL {
        var text = url.absoluteString
        while text.hasSuffix("/") { text.removeLast() }
        if !text.hasSuffix("/chat/completions") {
            if !text.hasSuffix("/v1") { text += "/v1" }
            text += "/chat/completions"
        }
        return URL(string: text) ?? url
    }

    /// One answer; see `ResponseSource`.
    ///
    /// - Parameters:
    ///   - prompt: The message.
    ///   - member: The model's name.
    ///   - settings: How to sample.
    ///   - seed: The sample's own seed.
    /// - Returns: The answer.
    /// - Throws: `ResponseError`, at once when the request is refused, after several tries when
    ///   the server is out of reach or overloaded.
    public func respond(
        to prompt: String, member: String, settings: EvaluationSettings, seed: UInt64
    ) async throws(ResponseError) -> Response {
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        request.httpBody = Data(
            Self.body(prompt, member: member, settings: settings, seed: seed).json.utf8)
        var pause = firstPause
        var reason = ""
        for attempt in 1...Self.attempts {
            if Task.isCancelled { return Response(text: "", finish: .cancelled) }
            do {
                let (data, answer) = try await PendingExchange().run(request, in: session)
                let status = (answer as? HTTPURLResponse)?.statusCode ?? 0
                if status == 200 { return try Self.response(Array(data), url: url) }
                reason = "status \(status): \(Self.excerpt(data))"
                guard status == 429 || status >= 500 else {
                    throw ResponseError.server(
                        url: url.absoluteString, attempts: attempt, reason: reason)
                }
            } catch let error as ResponseError {
                throw error
            } catch {
                reason = error.localizedDescription
            }
            guard attempt < Self.attempts else { break }
            try? await Task.sleep(for: pause)
            pause *= 2
        }
        if Task.isCancelled { return Response(text: "", finish: .cancelled) }
        throw .server(url: url.absoluteString, attempts: Self.attempts, reason: reason)
    }

    static func body(
        _ prompt: String, member: String, settings: EvaluationSettings, seed: UInt64
    ) -> TemplateValue {
        let message = TemplateValue.object([
            TemplateValue.Pair(key: "role", value: .string("user")),
            TemplateValue.Pair(key: "content", value: .string(prompt)),
        ])
        var fields: [(String, TemplateValue)] = [
            ("model", .string(member)), ("messages", .array([message])),
            ("max_tokens", .integer(settings.maximumTokens)),
            ("temperature", .number(settings.temperature)), ("top_p", .number(settings.topP)),
            ("seed", .integer(Int(seed))), ("stream", .boolean(false)),
        ]
        let ceilings = [
            ("reasoning_tokens", settings.reasoningTokens), ("tokens", settings.budgetTokens),
        ].compactMap { name, count in
            count.map { TemplateValue.Pair(key: name, value: .integer($0)) }
        }
        if !ceilings.isEmpty { fields.append(("budget", .object(ceilings))) }
        return .object(fields.map { TemplateValue.Pair(key: $0, value: $1) })
    }

    /// Reads a `chat.completion` object.
    static func response(_ bytes: [UInt8], url: URL) throws(ResponseError) -> Response {
        let failure = { (reason: String) in
            ResponseError.server(url: url.absoluteString, attempts: 1, reason: reason)
        }
        let body: TemplateValue
        do {
            body = try TemplateValue(json: bytes)
        } catch {
            throw failure("expected JSON; \(error)")
        }
        guard case .array(let choices) = body["choices"], let choice = choices.first,
            let message = choice["message"]
        else { throw failure("the answer has no choices[0].message") }
        guard case .integer(let completionTokens) = body["usage"]?["completion_tokens"] else {
            throw failure("the answer has no usage.completion_tokens")
        }
        var response = Response(
            text: "", finish: choice["finish_reason"] == .string("length") ? .length : .stop)
        response.completionTokens = max(0, completionTokens)
        if case .string(let text) = message["content"] { response.text = text }
        for name in ["reasoning_content", "reasoning"] {
            if case .string(let text) = message[name] { response.reasoning = text }
        }
        if case .integer(let count) = body["usage"]?["prompt_tokens"] {
            response.promptTokens = max(0, count)
        }
        let details = body["usage"]?["completion_tokens_details"]
        if case .integer(let count) = details?["reasoning_tokens"] {
            response.reasoningTokens = max(0, count)
        }
        return response
    }

    private static func excerpt(_ data: Data) -> String {
        let text = String(decoding: data.prefix(300), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
