import HTTP
import Tokenization

/// The OpenAPI 3.1 document of the API.
enum APIDocument {
    /// Statuses that any request may be answered with, and why.
    private static let refusals: [(code: Int, meaning: String)] = [
        (400, "The request cannot be read or served; `param` names the field"),
        (404, "No such model, route or generation"),
        (405, "Another method is meant; `Allow` names it"),
        (408, "The request took too long to come"),
        (411, "A length is missing"),
        (413, "The body is too large"),
        (414, "The target is too long"),
        (415, "The body's coding is not understood"),
        (417, "The expectation cannot be met"),
        (
            429,
            "The queue is full, or a limit of the key met; `Retry-After` says when to come again"
        ),
        (431, "The header is too large"),
        (500, "The engine failed"),
        (501, "The transfer coding is not understood"),
        (503, "The models are loading or the server is stopping"),
        (505, "Another version of HTTP is meant"),
    ]

    /// Writes the document.
    static func json(version: String) -> [UInt8] {
        JSONWriter.object { json in
            json.field("openapi", "3.1.0")
            json.object("info") {
                $0.field("title", "Laconic")
                $0.field("version", version)
                $0.field(
                    "description",
                    "Reasoning models under a budget. Fields beside those named here that would "
                        + "change the output are refused, others are listed in `warnings`.")
                $0.object("license") {
                    $0.field("name", "MIT")
                    $0.field("identifier", "MIT")
                }
            }
            json.array("servers") { $0.object { $0.field("url", "/") } }
            json.array("security") { json in
                json.object { $0.array("bearer") { _ in } }
                json.object { $0.array("key") { _ in } }
                // Where the operator set no key none is asked for.
                json.object { _ in }
            }
            json.object("paths") { json in
                for path in paths {
                    json.object(path) { json in
                        for operation in APIOperation.all where operation.path == path {
                            write(operation, into: &json)
                        }
                    }
                }
            }
            json.object("components") { json in
                json.field("schemas", APISchemas.all)
                json.object("securitySchemes") { json in
                    json.object("bearer") {
                        $0.field("type", "http")
                        $0.field("scheme", "bearer")
                    }
                    json.object("key") {
                        $0.field("type", "apiKey")
                        $0.field("in", "header")
                        $0.field("name", "x-api-key")
                    }
                }
            }
        }
    }

    /// The paths in the order of their first operation.
    private static var paths: [String] {
        var known: Set<String> = []
        return APIOperation.all.map(\.path).filter { known.insert($0).inserted }
    }

    private static func write(_ operation: APIOperation, into json: inout JSONWriter) {
        json.object(operation.method.rawValue.lowercased()) { json in
            json.field("summary", operation.summary)
            json.field(
                "operationId",
                "\(operation.method.rawValue.lowercased())\(operation.path)"
                    .map { $0.isLetter || $0.isNumber ? $0 : "_" }.reduce(into: "") {
                        $0.append($1)
                    }
            )
            if operation.isPublic { json.array("security") { _ in } }
            let inPath = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }
                .map { String($0.dropFirst().dropLast()) }
            if !inPath.isEmpty || !operation.query.isEmpty {
                json.array("parameters") { json in
                    for name in inPath {
                        write(parameter: name, in: "path", schema: "Name", nil, into: &json)
                    }
                    for (name, schema, meaning) in operation.query {
                        write(parameter: name, in: "query", schema: schema, meaning, into: &json)
                    }
                }
            }
            if let body = operation.body {
                json.object("requestBody") { json in
                    json.field("required", true)
                    json.object("content") { $0.content("application/json", schema: body) }
                }
            }
            json.object("responses") { writeResponses(of: operation, into: &$0) }
        }
    }

    private static func write(
        parameter name: String, in place: String, schema: String, _ meaning: String?,
        into json: inout JSONWriter
    ) {
        json.object {
            $0.field("name", name)
            $0.field("in", place)
            if place == "path" { $0.field("required", true) }
            if let meaning { $0.field("description", meaning) }
            $0.object("schema") { $0.field("$ref", "#/components/schemas/\(schema)") }
        }
    }

    private static func writeResponses(
        of operation: APIOperation, into json: inout JSONWriter
    ) {
        json.object("200") { json in
            json.field("description", "The answer")
            json.object("content") { json in
                switch operation.answer {
                case .json(let schema):
                    json.content("application/json", schema: schema)
                case .jsonOrEvents(let schema):
                    json.content("application/json", schema: schema)
                    json.content("text/event-stream", schema: "Stream")
                case .jsonOrLines(let schema):
                    json.content("application/x-ndjson", schema: "Stream")
                    json.content("application/json", schema: schema)
                case .jsonOrPage(let schema):
                    json.content("application/json", schema: schema)
                    json.content("text/html", schema: "Stream")
                case .events:
                    json.content("text/event-stream", schema: "Stream")
                case .metrics:
                    json.content(
                        "text/plain; version=0.0.4; charset=utf-8", schema: "Stream")
                }
            }
        }
        let keyed: [(code: Int, meaning: String)] =
            operation.isPublic
            ? [] : [(401, "No key, or not one of ours"), (403, "The key may not ask for this")]
        // A body that lost its race, and a ceiling that memory forbids.
        let more: [(code: Int, meaning: String)] =
            operation.method == .patch ? [(409, "No memory is left for a higher ceiling")] : []
        for (code, meaning) in (refusals + keyed + more).sorted(by: { $0.code < $1.code }) {
            // Who asks without a key, or for what is not there, is told by the server itself.
            let schema =
                operation.isPublic && code == 503
                ? "Status"
                : [401, 403, 404, 405, 429].contains(code) ? anyError(operation) : operation.errors
            json.object("\(code)") { json in
                json.field("description", meaning)
                json.object("content") { $0.content("application/json", schema: schema) }
            }
        }
    }

    private static func anyError(_ operation: APIOperation) -> String {
        operation.errors == "TGIError" ? "ErrorOfEitherKind" : operation.errors
    }
}

extension JSONWriter {
    fileprivate mutating func content(_ type: String, schema: String) {
        object(type) { json in
            json.object("schema") { $0.field("$ref", "#/components/schemas/\(schema)") }
        }
    }
}

extension API {
    /// `GET /openapi.json`.
    func openAPI() -> HTTPResponse {
        Self.response(APIDocument.json(version: configuration.version))
    }
}
