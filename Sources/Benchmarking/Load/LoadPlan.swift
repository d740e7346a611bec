import Tokenization

/// How a server is put under load.
public struct LoadPlan: Sendable {
    /// When requests are sent.
    public enum Arrival: Sendable, Equatable {
        /// So many clients, each asking again as soon as it is answered.
        case closed(clients: Int)
        /// So many requests a second in the mean, at moments that follow from the seed (a Poisson
        /// process), whether or not earlier ones are answered.
        case open(rate: Double)
    }

    /// When requests are sent.
    public var arrival = Arrival.closed(clients: 1)
    /// Requests to measure; nil where the duration ends the run.
    public var requestCount: Int? = 32
    /// How long requests are sent; those under way then are waited for.
    public var duration: Duration?
    /// Requests before, which are not measured.
    public var warmUpCount = 1
    /// Ceiling on new tokens of a request.
    public var maximumTokens = 64
    /// Whether the server is asked to go on past the end of the text (`ignore_eos`).
    public var ignoresEndOfSequence = true
    /// Sampling temperature.
    public var temperature = 0.0
    /// The model's name in requests; nil leaves it out.
    public var model: String?
    /// A budget, where the server knows such: a count or a word.
    public var budget: String?
    /// Sent as bearer token.
    public var key: String?
    /// How long one answer may take.
    public var timeout = Duration.seconds(600)
    /// Requests open at once beyond which an open load counts a request as not sent.
    public var maximumOpen = 4096
    /// Arrivals follow from it.
    public var seed: UInt64 = 0

    /// One client, 32 requests of 64 tokens.
    public init() {}

    /// The plan in words, which rows of two runs are matched by.
    public var name: String {
        switch arrival {
        case .closed(let clients): clients == 1 ? "1 client" : "\(clients) clients"
        case .open(let rate): "\(rate)/s"
        }
    }

    /// The bytes of a request.
    func request(_ item: LoadPrompts.Item, to target: LoadTarget) -> [UInt8] {
        var fields: [(String, TemplateValue)] = []
        if let model { fields.append(("model", .string(model))) }
        switch (target.api, item.text) {
        case (.chat, let text?):
            let message: [(String, TemplateValue)] = [
                ("role", .string("user")), ("content", .string(text)),
            ]
            fields.append(("messages", .array([.object(message.map(TemplateValue.Pair.init))])))
        case (_, nil): fields.append(("messages", item.content))
        case (_, _?): fields.append(("prompt", item.content))
        }
        let ceiling = item.maximumTokens ?? maximumTokens
        fields += [
            ("max_tokens", .integer(ceiling)), ("temperature", .number(temperature)),
            ("stream", .boolean(true)),
        ]
        if target.api != .generate {
            let options = [TemplateValue.Pair(key: "include_usage", value: .boolean(true))]
            fields.append(("stream_options", .object(options)))
        }
        if ignoresEndOfSequence { fields.append(("ignore_eos", .boolean(true))) }
        if let budget {
            fields.append(("budget", Int(budget).map(TemplateValue.integer) ?? .string(budget)))
        }
        let body = TemplateValue.object(fields.map(TemplateValue.Pair.init)).json
        return head("POST", target.path, target, length: body.utf8.count) + Array(body.utf8)
    }

    /// The bytes of a request for the list of models.
    func modelsRequest(to target: LoadTarget) -> [UInt8] {
        head("GET", target.modelsPath, target, length: nil)
    }

    private func head(
        _ method: String, _ path: String, _ target: LoadTarget, length: Int?
    ) -> [UInt8] {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: \(target.host)", "Connection: close"]
        if let key { lines.append("Authorization: Bearer \(key)") }
        if let length {
            lines += [
                "Content-Type: application/json", "Accept: text/event-stream",
                "Content-Length: \(length)",
            ]
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}
