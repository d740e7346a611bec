import HTTP
import Inference

extension API {
    /// `POST /api/chat`.
    func ollamaChat(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await ollama(request, isChat: true)
    }

    /// `POST /api/generate`.
    func ollamaGenerate(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await ollama(request, isChat: false)
    }

    private func ollama(_ request: HTTPRequest, isChat: Bool) async throws -> HTTPResponse {
        try await telling(errorsAs: .text, to: request) {
            let body = try await fields(of: request)
            let job =
                isChat
                ? try CompletionJob.ollamaChat(body, limits: configuration)
                : try CompletionJob.ollamaGenerate(body, limits: configuration)
            guard let job else { return try loaded(body, isChat: isChat) }
            return try await run(job, OllamaDialect(job: job, isChat: isChat))
        }
    }

    /// The answer to a request without a prompt, which asks for the model to be loaded, or to leave.
    private func loaded(_ body: RequestFields, isChat: Bool) throws(ServingError) -> HTTPResponse {
        var body = body
        let model = try find(try body.modelName() ?? configuration.defaultModel)
        var warnings = body.readKeepAlive()
        if model.status != .loaded {
            warnings.append("'\(model.id)' was not loaded: that comes with the first prompt")
        }
        try admit()
        return Self.response(
            JSONWriter.object { json in
                json.field("model", model.id)
                json.field("created_at", Timestamp.now)
                if isChat {
                    json.object("message") {
                        $0.field("role", "assistant")
                        $0.field("content", "")
                    }
                } else {
                    json.field("response", "")
                }
                json.field("done", true)
                json.field("done_reason", "load")
                json.writeWarnings(warnings)
            })
    }

    /// `GET /api/tags`: the models as Ollama lists them.
    func ollamaTags() -> HTTPResponse {
        list(service.models) { model, json in
            json.field("modified_at", Timestamp.text(secondsSince1970: model.created))
        }
    }

    /// `GET /api/ps`: the models whose weights are in memory.
    func ollamaRunning() -> HTTPResponse {
        list(service.models.filter { $0.status == .loaded }) { model, json in
            json.field("context_length", model.contextLength)
        }
    }

    private func list(
        _ models: [ModelDescription], _ more: (ModelDescription, inout JSONWriter) -> Void
    ) -> HTTPResponse {
        Self.response(
            JSONWriter.object { json in
                json.array("models") { json in
                    for model in models {
                        json.object {
                            $0.field("name", model.id)
                            $0.field("model", model.id)
                            more(model, &$0)
                            Self.writeOllamaDetails(of: model, into: &$0)
                        }
                    }
                }
            })
    }

    /// `POST /api/show`: what a model is.
    func ollamaShow(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await telling(errorsAs: .text, to: request) {
            var body = try await fields(of: request)
            let old = try body.string("name")
            let asked = try body.modelName() ?? old
            try Requester.check(model: asked)
            let model = try find(asked)
            let tokenizer: TokenizerDescription
            do throws(InferenceError) {
                tokenizer = try service.tokenizer(ofModel: model.id)
            } catch {
                throw ServingError.inference(error, promptField: "model")
            }
            return Self.response(
                JSONWriter.object { json in
                    json.field("template", tokenizer.chatTemplate ?? "")
                    Self.writeOllamaDetails(of: model, into: &json)
                    json.object("model_info") {
                        $0.field("general.architecture", model.architecture)
                        $0.field("general.parameter_count", model.parameterCount)
                        $0.field("\(model.architecture).context_length", model.contextLength)
                    }
                    json.array("capabilities") {
                        $0.value("completion")
                        if tokenizer.chatTemplate?.contains("</think>") == true {
                            $0.value("thinking")
                        }
                    }
                    json.field(
                        "modified_at", Timestamp.text(secondsSince1970: model.created))
                })
        }
    }

    /// `GET /api/version`.
    func ollamaVersion() -> HTTPResponse {
        Self.response(JSONWriter.object { $0.field("version", configuration.version) })
    }

    /// The model of a name, the first without one.
    private func find(_ name: String?) throws(ServingError) -> ModelDescription {
        let short = name?.withoutOllamaTag
        return try served(as: short == Self.automatic ? nil : short, asked: name)
    }

    private static func writeOllamaDetails(
        of model: ModelDescription, into json: inout JSONWriter
    ) {
        json.object("details") {
            $0.field("parent_model", "")
            $0.field("format", model.elementType.contains("q") ? "gguf" : "safetensors")
            $0.field("family", model.architecture)
            $0.array("families") { $0.value(model.architecture) }
            $0.field("parameter_size", Self.count(model.parameterCount))
            $0.field("quantization_level", model.elementType.uppercased())
        }
    }

    /// A count as people say it: `135.0M`, `1.8B`.
    private static func count(_ number: Int) -> String {
        let (scale, unit): (Double, String) =
            number >= 1_000_000_000 ? (1e9, "B") : number >= 1_000_000 ? (1e6, "M") : (1e3, "K")
        return "\((Double(number) / scale * 10).rounded() / 10)\(unit)"
    }
}
