import HTTP
import Testing

@Suite struct EndpointTableTests {
    private static let table: EndpointTable = {
        var table = EndpointTable()
        for (method, path) in [
            (HTTPMethod.get, "/"), (.get, "/v1/models"), (.get, "/v1/models/{id}"),
            (.delete, "/v1/models/{id}"), (.post, "/v1/models/{id}/pages/{page}"),
            (.get, "/v1/models/special"), (.post, "/v1/generate"),
        ] {
            table.add(method, path) { request in
                let parameters = request.parameters.sorted { $0.key < $1.key }
                return HTTPResponse(
                    type: path, bytes: Array(parameters.map { "\($0)=\($1);" }.joined().utf8))
            }
        }
        return table
    }()

    private func respond(_ method: HTTPMethod, _ target: String) async throws -> String {
        let response = try await Self.table.respond(
            to: HTTPRequest(method: method, target: target))
        let body = String(decoding: try await response.collectBody(), as: UTF8.self)
        return (response.fields[.contentType] ?? "-") + " " + body
    }

    @Test(arguments: [
        (HTTPMethod.get, "/", "/ "), (.head, "/", "/ "), (.get, "/?a=b", "/ "),
        (.get, "/v1/models", "/v1/models "), (.get, "/v1/models/a%2Fb", "/v1/models/{id} id=a/b;"),
        (.get, "/v1/models/special", "/v1/models/special "),
        (.post, "/v1/models/x/pages/7", "/v1/models/{id}/pages/{page} id=x;page=7;"),
        (.post, "/v1/models/special/pages/7", "/v1/models/{id}/pages/{page} id=special;page=7;"),
        (.get, "http://host/v1/models", "/v1/models "),
    ])
    func `a request finds its route`(method: HTTPMethod, target: String, answer: String)
        async throws
    {
        #expect(try await respond(method, target) == answer)
        let target = try HTTPRequest(method: method, target: target).target
        #expect(
            Self.table.template(for: target) == answer.split(separator: " ").first.map(String.init))
    }

    @Test func `a path has one template for all methods, or none`() throws {
        for (target, template) in [
            ("/v1/generate", "/v1/generate"), ("/v1/models/x?y", "/v1/models/{id}"),
            ("/v1/models/", nil), ("/nowhere", nil), ("/v1", nil),
        ] {
            let target = try HTTPRequest(method: .put, target: target).target
            #expect(Self.table.template(for: target) == template)
        }
    }

    @Test(arguments: [
        "/v1", "/v1/", "/v1/models/", "/v1%2Fmodels", "//", "/V1/models", "/v1/models/a/pages",
    ])
    func `a path that is not registered is not found`(target: String) async throws {
        await #expect(throws: HTTPError.self) { try await respond(.get, target) }
        let request = try HTTPRequest(target: target)
        await #expect(throws: HTTPError.notFound(path: request.path)) {
            try await Self.table.respond(to: request)
        }
    }

    @Test func `a wrong method learns the right ones, OPTIONS too`() async throws {
        await #expect(
            throws: HTTPError.methodNotAllowed(method: "PUT", allowed: ["OPTIONS", "POST"])
        ) { try await respond(.put, "/v1/generate") }
        await #expect(
            throws: HTTPError.methodNotAllowed(
                method: "POST", allowed: ["DELETE", "GET", "HEAD", "OPTIONS"])
        ) { try await respond(.post, "/v1/models/x") }
        let options = try await Self.table.respond(
            to: HTTPRequest(method: .options, target: "/v1/generate"))
        #expect(options.status == .noContent)
        #expect(options.fields[.allow] == "OPTIONS, POST")
        let all = try await Self.table.respond(to: HTTPRequest(method: .options, target: "*"))
        #expect(all.fields[.allow] == "DELETE, GET, HEAD, OPTIONS, POST")
    }

    @Test func `all routes are listed in order`() {
        #expect(Self.table.routes.count == 7)
        #expect(Self.table.routes[3].method == .delete)
        #expect(Self.table.routes[3].path == "/v1/models/{id}")
    }
}
