import HTTP
import Inference
import Tokenization

extension API {
    /// `POST /tokenize` in three dialects: `prompt` as vLLM has it, `content` as llama-server has
    /// it, `inputs` as TGI has it, or `messages` through the chat template.
    ///
    /// Special tokens are added to a `prompt` and to `inputs` by default and to the others only if
    /// asked for: a template writes its own. `with_pieces` gives each token with its text,
    /// `return_token_strs` the texts in a list of their own.
    func tokenize(_ request: HTTPRequest) async throws -> HTTPResponse {
        try admit()
        var fields = try await fields(of: request)
        let model = try fields.modelName() ?? configuration.defaultModel
        let short = try fields.boolean("add_special")
        let wantsSpecial = try fields.boolean("add_special_tokens") ?? short
        let parsesSpecial = try fields.boolean("parse_special") ?? true
        let withPieces = try fields.boolean("with_pieces") ?? false
        let withTexts = try fields.boolean("return_token_strs") ?? false
        let texts = ["prompt", "content", "inputs"].filter { fields.peek($0) != nil }
        guard texts.count + (fields.peek("messages") == nil ? 0 : 1) <= 1 else {
            throw ServingError.invalidValue(
                path: texts[0], expected: "the only text", found: "several")
        }
        let tokens: [TokenReport]
        if let name = texts.first, let text = try fields.string(name) {
            tokens = try inference(name) { () throws(InferenceError) in
                try service.tokenize(
                    text, addSpecialTokens: wantsSpecial ?? (name != "content"),
                    parsesSpecialTokens: parsesSpecial, model: model)
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
        guard texts.first != "inputs" else { return Self.response(Self.offsets(of: tokens)) }
        let ignored = fields.ignored
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
            if withTexts {
                json.array("token_strs") {
                    for token in tokens { $0.value(TokenText.of(token.bytes)) }
                }
            }
            json.writeWarnings(ignored)
        }
        return Self.response(answer)
    }

    /// TGI's list: each token with where it stands in the text, in characters (Unicode scalars).
    ///
    /// A token that the model adds stands nowhere.
    private static func offsets(of tokens: [TokenReport]) -> [UInt8] {
        var position = 0
        var pieces = TokenPieces()
        return JSONWriter.array { json in
            for token in tokens {
                let piece = pieces.text(of: token)
                let start = position
                if !token.isSpecial { position += piece.unicodeScalars.count }
                json.object {
                    $0.field("id", Int(token.id))
                    $0.field("text", piece)
                    $0.field("start", start)
                    $0.field("stop", position)
                }
            }
        }
    }

    /// `GET /tokenizer_info`: the special tokens and the template, for harnesses that have no copy
    /// of the tokenizer; `?model=` names another than the default.
    func tokenizerInfo(_ request: HTTPRequest) throws -> HTTPResponse {
        let asked = request.query["model"]
        try Requester.check(model: asked)
        let model = asked ?? configuration.defaultModel
        let tokenizer = try inference("model") { () throws(InferenceError) in
            try service.tokenizer(ofModel: model)
        }
        return Self.response(
            JSONWriter.object { json in
                for name in ["bos_token", "eos_token", "pad_token", "unk_token"] {
                    json.field(name, tokenizer.specialTokens[name])
                }
                json.field("chat_template", tokenizer.chatTemplate)
                json.field("model_max_length", contextLength(of: model))
            })
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
        let ignored = fields.ignored
        return Self.response(
            JSONWriter.object {
                $0.field("prompt", text)
                $0.field("content", text)
                $0.writeWarnings(ignored)
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
        let ignored = fields.ignored
        return Self.response(
            JSONWriter.object {
                $0.field("prompt", text)
                $0.writeWarnings(ignored)
            })
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
