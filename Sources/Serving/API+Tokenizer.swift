import HTTP
import Inference
import Tokenization

extension API {
    /// `POST /tokenize` in both dialects: `prompt` as vLLM has it, `content` as llama-server has
    /// it, or `messages` through the chat template.
    ///
    /// Special tokens are added to a `prompt` by default and to the others only if asked for: a
    /// template writes its own. `with_pieces` gives each token with its text.
    func tokenize(_ request: HTTPRequest) async throws -> HTTPResponse {
        try admit()
        var fields = try await fields(of: request)
        let model = try fields.modelName() ?? configuration.defaultModel
        let short = try fields.boolean("add_special")
        let wantsSpecial = try fields.boolean("add_special_tokens") ?? short
        let withPieces = try fields.boolean("with_pieces") ?? false
        let tokens: [TokenReport]
        if let prompt = try fields.string("prompt") {
            tokens = try inference("prompt") { () throws(InferenceError) in
                try service.tokenize(
                    prompt, addSpecialTokens: wantsSpecial ?? true, model: model)
            }
        } else if let content = try fields.string("content") {
            tokens = try inference("content") { () throws(InferenceError) in
                try service.tokenize(
                    content, addSpecialTokens: wantsSpecial ?? false, model: model)
            }
        } else if fields.peek("messages") != nil {
            let conversation = try fields.conversation()
            tokens = try inference("messages") { () throws(InferenceError) in
                try service.tokenize(
                    try service.applyTemplate(conversation, model: model),
                    addSpecialTokens: wantsSpecial ?? false, model: model)
            }
        } else {
            throw ServingError.missing(path: "prompt")
        }
        let answer = JSONWriter.object { json in
            json.array("tokens") { json in
                for token in tokens {
                    guard withPieces else { json.value(Int(token.id)); continue }
                    json.object {
                        $0.field("id", Int(token.id))
                        Self.writePiece(token.bytes, into: &$0)
                    }
                }
            }
            json.field("count", tokens.count)
            json.field("max_model_len", contextLength(of: model))
        }
        return Self.response(answer)
    }

    /// `POST /detokenize`: `tokens` to a text, under the names of both dialects.
    func detokenize(_ request: HTTPRequest) async throws -> HTTPResponse {
        try admit()
        var fields = try await fields(of: request)
        let model = try fields.modelName() ?? configuration.defaultModel
        guard let ids = try fields.tokenIDs("tokens") else {
            throw ServingError.missing(path: "tokens")
        }
        let text = try inference("tokens") { () throws(InferenceError) in
            try service.detokenize(ids, model: model)
        }
        return Self.response(
            JSONWriter.object {
                $0.field("prompt", text)
                $0.field("content", text)
            })
    }

    /// `POST /apply-template`: `messages` to the text that the model reads.
    func applyTemplate(_ request: HTTPRequest) async throws -> HTTPResponse {
        try admit()
        var fields = try await fields(of: request)
        let model = try fields.modelName() ?? configuration.defaultModel
        let conversation = try fields.conversation()
        let text = try inference("messages") { () throws(InferenceError) in
            try service.applyTemplate(conversation, model: model)
        }
        return Self.response(JSONWriter.object { $0.field("prompt", text) })
    }

    private func inference<Result>(
        _ field: String, _ work: () throws(InferenceError) -> Result
    ) throws(ServingError) -> Result {
        do {
            return try work()
        } catch {
            throw .inference(error, promptField: field)
        }
    }

    private func contextLength(of model: String?) -> Int? {
        let models = service.models
        return (models.first { $0.id == model } ?? models.first)?.contextLength
    }

    /// A piece that is not whole UTF-8 is a list of bytes, as in llama-server.
    private static func writePiece(_ bytes: [UInt8], into json: inout JSONWriter) {
        if let text = String(validating: bytes, as: UTF8.self) {
            json.field("piece", text)
        } else {
            json.array("piece") { for byte in bytes { $0.value(Int(byte)) } }
        }
    }
}
