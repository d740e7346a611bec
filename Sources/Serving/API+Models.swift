import HTTP
import Inference
import Routing

extension API {
    /// The name that lets the server choose.
    static let automatic = "auto"

    /// `GET /v1/models`: each checkpoint, then `auto`.
    ///
    /// `status` says where the weights are: `loaded`, `loading`, or `unloaded` until a request needs
    /// them. A member that nobody trained is listed while it is loaded, and says what it is
    /// `between`. The `meta` of a calibrated member of a family also says what it costs, in the operator's
    /// unit per million tokens, and what was measured of it, easiest problems first:
    ///
    ///     "price":{"prompt":0.1,"completion":1},
    ///     "measured":[{"difficulty":"easy","problems":300,"accuracy":0.99,
    ///                  "accuracy_interval":{"low":0.97,"high":0.997},
    ///                  "tokens":{"mean":74.2,"p50":71,"p90":118.2}},…]
    func listModels() -> HTTPResponse {
        let models = service.models
        let list = JSONWriter.object { json in
            json.field("object", "list")
            json.array("data") { json in
                for model in models { json.object { Self.write(model, into: &$0) } }
                // A server for rewards only has nothing to choose from.
                if !models.isEmpty { json.object { Self.writeAutomatic(models, into: &$0) } }
            }
        }
        return Self.response(list)
    }

    /// `GET /v1/models/{id}`; the name may hold one slash, escaped or not.
    ///
    /// A member between two others is told of before a request has it made, `unloaded` then.
    func describeModel(_ request: HTTPRequest) throws(ServingError) -> HTTPResponse {
        let parts = ["id", "name"].compactMap { request.parameters[$0] }
        let asked = parts.joined(separator: "/")
        let models = service.models
        if asked == Self.automatic {
            return Self.response(JSONWriter.object { Self.writeAutomatic(models, into: &$0) })
        }
        try Requester.check(model: asked)
        let model = try served(as: asked, asked: asked)
        return Self.response(JSONWriter.object { Self.write(model, into: &$0) })
    }

    /// The model of a name; nil takes the first.
    ///
    /// - Throws: `.unknownModel` with the name as it was asked for.
    func served(as name: String?, asked: String?) throws(ServingError) -> ModelDescription {
        if let name, let model = service.model(called: name) { return model }
        let models = service.models
        guard name == nil, let first = models.first else {
            throw .inference(
                .unknownModel(asked: asked ?? Self.automatic, served: models.map(\.id)),
                promptField: "model")
        }
        return first
    }

    private static func write(_ model: ModelDescription, into json: inout JSONWriter) {
        json.field("id", model.id)
        json.field("object", "model")
        json.field("created", model.created)
        json.field("owned_by", "laconic")
        json.field("max_model_len", model.contextLength)
        json.object("meta") {
            $0.field("alpha", model.alpha)
            $0.field("context", model.contextLength)
            $0.field("architecture", model.architecture)
            $0.field("dtype", model.elementType)
            $0.field("parameters", model.parameterCount)
            $0.field("status", model.status.rawValue)
            if !model.between.isEmpty {
                $0.array("between") { for id in model.between { $0.value(id) } }
            }
            writeMeasurements(of: model, into: &$0)
        }
    }

    /// Writes what a family's manifest says of a member; what it does not say is absent.
    private static func writeMeasurements(
        of model: ModelDescription, into json: inout JSONWriter
    ) {
        if let price = model.price {
            json.object("price") {
                $0.field("prompt", price.prompt)
                $0.field("completion", price.completion)
            }
        }
        guard !model.profile.isEmpty else { return }
        json.array("measured") { json in
            for level in model.profile { json.object { write(level, into: &$0) } }
        }
    }

    private static func write(_ level: FamilyManifest.Level, into json: inout JSONWriter) {
        json.field("difficulty", level.difficulty)
        json.field("problems", level.problems)
        json.field("accuracy", rounded: level.accuracy)
        json.object("accuracy_interval") {
            $0.field("low", rounded: level.accuracyInterval.low)
            $0.field("high", rounded: level.accuracyInterval.high)
        }
        json.object("tokens") {
            $0.field("mean", rounded: level.tokens.mean)
            $0.field("p50", rounded: level.tokens.p50)
            $0.field("p90", rounded: level.tokens.p90)
        }
    }

    private static func writeAutomatic(
        _ models: [ModelDescription], into json: inout JSONWriter
    ) {
        json.field("id", automatic)
        json.field("object", "model")
        json.field("created", models.map(\.created).min() ?? 0)
        json.field("owned_by", "laconic")
        json.field("max_model_len", models.map(\.contextLength).max())
        let types = Set(models.map(\.elementType))
        json.object("meta") {
            // The model that is chosen decides what they do not share.
            $0.field("alpha", nil as Double?)
            $0.field("context", models.map(\.contextLength).max())
            $0.field("dtype", types.count == 1 ? types.first : nil)
            $0.field("status", "loaded")
            $0.array("routes_to") {
                for model in models where model.between.isEmpty { $0.value(model.id) }
            }
        }
    }
}
