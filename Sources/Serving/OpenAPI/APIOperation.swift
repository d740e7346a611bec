import HTTP

/// One route as the OpenAPI document describes it.
struct APIOperation {
    /// What an answer is.
    enum Answer {
        /// A JSON document of a named schema.
        case json(String)
        /// Such a document, or events where the body asks for a stream.
        case jsonOrEvents(String)
        /// Such a document, or a document a line where the body does not refuse a stream.
        case jsonOrLines(String)
        /// Events.
        case events
        /// Such a document, or the web page for a browser.
        case jsonOrPage(String)
        /// Prometheus' text format.
        case metrics
    }

    let method: HTTPMethod
    let path: String
    let summary: String
    /// The schema of the body; `nil` where none is read.
    var body: String?
    let answer: Answer
    /// The schema of errors.
    var errors = "Error"
    /// Whether it answers without a key.
    var isPublic = false
    /// Names and meanings of the parameters in the query.
    var query: [(name: String, schema: String, meaning: String)] = []

    /// Every route, in the order of the document.
    static let all: [APIOperation] = [
        APIOperation(
            method: .post, path: "/generate",
            summary: "Answer a prompt under a budget; with `inputs` as TGI does",
            body: "GenerateRequest", answer: .jsonOrEvents("GenerateAnswer"),
            errors: "ErrorOfEitherKind"),
        APIOperation(
            method: .post, path: "/generate_stream", summary: "TGI's stream of tokens",
            body: "TGIRequest", answer: .events, errors: "TGIError"),
        APIOperation(
            method: .post, path: "/", summary: "TGI's first route: a list of one answer",
            body: "TGIRequest", answer: .jsonOrEvents("TGIAnswers"), errors: "ErrorOfEitherKind"),
        APIOperation(
            method: .get, path: "/info", summary: "The server in TGI's words",
            answer: .json("TGIInformation")),
        APIOperation(
            method: .post, path: "/v1/chat/completions", summary: "Continue a conversation",
            body: "ChatRequest", answer: .jsonOrEvents("ChatCompletion")),
        APIOperation(
            method: .post, path: "/v1/completions", summary: "Complete a text as it is",
            body: "CompletionRequest", answer: .jsonOrEvents("TextCompletion")),
        APIOperation(
            method: .post, path: "/v1/responses", summary: "A response; nothing is kept",
            body: "ResponsesRequest", answer: .jsonOrEvents("Response")),
        APIOperation(
            method: .post, path: "/v1/budget/quote", summary: "What a request would get and cost",
            body: "GenerateRequest", answer: .json("Quote")),
        APIOperation(
            method: .patch, path: "/v1/generations/{id}",
            summary: "A new budget for an answer that is being streamed", body: "Revision",
            answer: .json("Revised")),
        APIOperation(
            method: .get, path: "/v1/models", summary: "The models", answer: .json("Models")),
        APIOperation(
            method: .get, path: "/v1/models/{id}", summary: "One model", answer: .json("Model")),
        APIOperation(
            method: .get, path: "/v1/models/{id}/{name}",
            summary: "One model whose name holds a slash", answer: .json("Model")),
        APIOperation(
            method: .post, path: "/tokenize", summary: "Text to token ids",
            body: "TokenizeRequest", answer: .json("Tokens")),
        APIOperation(
            method: .post, path: "/detokenize", summary: "Token ids to text",
            body: "DetokenizeRequest", answer: .json("Text")),
        APIOperation(
            method: .post, path: "/apply-template", summary: "A conversation as the model reads it",
            body: "TemplateRequest", answer: .json("Text")),
        APIOperation(
            method: .get, path: "/tokenizer_info", summary: "Special tokens and chat template",
            answer: .json("TokenizerInformation"),
            query: [("model", "Name", "the model; the default one without it")]),
        APIOperation(
            method: .post, path: "/api/chat", summary: "Ollama's conversation", body: "OllamaChat",
            answer: .jsonOrLines("OllamaAnswer"), errors: "ErrorOfOllama"),
        APIOperation(
            method: .post, path: "/api/generate", summary: "Ollama's completion",
            body: "OllamaGenerate", answer: .jsonOrLines("OllamaAnswer"), errors: "ErrorOfOllama"),
        APIOperation(
            method: .post, path: "/api/show", summary: "A model in Ollama's words",
            body: "OllamaShow", answer: .json("OllamaModel"), errors: "ErrorOfOllama"),
        APIOperation(
            method: .get, path: "/api/tags", summary: "The models in Ollama's words",
            answer: .json("OllamaModels")),
        APIOperation(
            method: .get, path: "/api/ps", summary: "The models in memory",
            answer: .json("OllamaModels")),
        APIOperation(
            method: .get, path: "/api/version", summary: "The version", answer: .json("Version")),
        APIOperation(
            method: .post, path: "/v1/reward", summary: "Rewards for groups of responses",
            body: "RewardRequest", answer: .json("Rewards"), query: rewardQuery),
        APIOperation(
            method: .post, path: "/query", summary: "Rewards as the paper's trainer asks for them",
            body: "RewardRequest", answer: .json("Rewards"), query: rewardQuery),
        APIOperation(
            method: .get, path: "/v1/usage", summary: "What the caller's completions took",
            answer: .json("UsageReport"),
            query: [
                ("period", "Period", "what is summed up; days without it and without `from`"),
                ("from", "WholeHour", "the first hour of a range; within the last 400 days"),
                ("to", "WholeHour", "the hour that the range ends before; now without it"),
                ("bucket", "Period", "what of the range is summed up; all of it without it"),
            ]),
        APIOperation(
            method: .get, path: "/metrics", summary: "Numbers for Prometheus", answer: .metrics),
        APIOperation(
            method: .get, path: "/health", summary: "Whether the decode loop turns",
            answer: .json("Status"), isPublic: true),
        APIOperation(
            method: .get, path: "/v1/health", summary: "Whether the decode loop turns",
            answer: .json("Status"), isPublic: true),
        APIOperation(
            method: .get, path: "/ready", summary: "Whether to send requests",
            answer: .json("Status"), isPublic: true),
        APIOperation(
            method: .get, path: "/openapi.json", summary: "This document",
            answer: .json("Document")),
        APIOperation(
            method: .get, path: "/", summary: "Where to go", answer: .jsonOrPage("Greeting")),
    ]

    private static let rewardQuery: [(name: String, schema: String, meaning: String)] = [
        ("alpha", "Alpha", "the length penalty, where the body has none")
    ]
}
