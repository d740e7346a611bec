import HTTP
import Testing
import Tokenization

@testable import Serving

/// Laws of the document that describes the API.
@Suite struct OpenAPITests {
    @Test func `every route is in the document, and nothing else is`() async throws {
        let caller = Caller()
        let document = try JSONReader.read(
            try await caller.call(.get, "/openapi.json").bytes)
        #expect(document.at("openapi") == .string("3.1.0"))
        guard case .object(let paths) = document.at("paths") else {
            Issue.record("no paths")
            return
        }
        var described: Set<String> = []
        for path in paths {
            guard case .object(let operations) = path.value else { continue }
            for operation in operations {
                described.insert("\(operation.key.uppercased()) \(path.key)")
            }
        }
        let routes = caller.api.endpoints.routes.map { "\($0.method.rawValue) \($0.path)" }
        #expect(described == Set(routes))
    }

    @Test func `every reference leads somewhere, every schema is used`() throws {
        let bytes = APIDocument.json(version: "1")
        let document = try JSONReader.read(bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        guard case .object(let schemas) = document.at("components.schemas") else {
            Issue.record("no schemas")
            return
        }
        let names = Set(schemas.map(\.key))
        #expect(names.count == schemas.count)
        let used = Set(
            text.matches(of: /"#\/components\/schemas\/([A-Za-z]+)"/).map { String($0.output.1) })
        #expect(used == names)
    }

    @Test func `every operation tells what its errors are`() throws {
        let document = try JSONReader.read(APIDocument.json(version: "1"))
        guard case .object(let paths) = document.at("paths") else { return }
        for path in paths {
            guard case .object(let operations) = path.value else { continue }
            for operation in operations {
                for code in ["200", "400", "404", "405", "413", "415", "429", "500", "503"] {
                    #expect(
                        operation.value.at("responses.\(code).content") != nil,
                        "\(path.key) \(code)")
                }
            }
        }
    }
}
