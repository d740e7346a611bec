import HTTP
import Inference

extension API {
    /// The name that lets the server choose.
    private static let automatic = "auto"

    /// `GET /v1/models`: each checkpoint, then `auto`.
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
    func describeModel(_ request: HTTPRequest) throws(ServingError) -> HTTPResponse {
        let parts = ["id", "name"].compactMap { request.parameters[$0] }
        let asked = parts.joined(separator: "/")
        let models = service.models
        if asked == Self.automatic {
            return Self.response(JSONWriter.object { Self.writeAutomatic(models, into: &$0) })
        }
        guard let model = models.first(where: { $0.id == asked }) else {
            throw .inference(
                .unknownModel(asked: asked, served: models.map(\.id)), promptField: "model")
        }
        return Self.response(JSONWriter.object { Self.write(model, into: &$0) })
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
            $0.field("status", "loaded")
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
            $0.array("routes_to") { for model in models { $0.value(model.id) } }
        }
    }
}
