import HTTP

/// The web page beside the API: files for every path that is no route, without a key, because a
/// browser sends none when it opens a page.
struct PageFiles: Sendable {
    /// The folder; nil has no page.
    let files: StaticFiles?

    /// The file that answers; nil leaves the request to the API.
    ///
    /// `/` is the page for browsers and the API's greeting for others.
    func respond(
        to request: HTTPRequest, routes: EndpointTable
    ) throws(HTTPError) -> HTTPResponse? {
        guard let files else { return nil }
        guard routes.allowedMethods(for: request.target).isEmpty else {
            guard request.path == "/", request.method == .get || request.method == .head,
                Self.wantsPage(request.fields)
            else { return nil }
            var response = try files.respond(to: request)
            response?.fields.append(HTTPField(name: .vary, value: "Accept"))
            return response
        }
        return try files.respond(to: request)
    }

    private static func wantsPage(_ fields: HTTPFields) -> Bool {
        fields[values: .accept].contains { $0.lowercased().contains("text/html") }
    }
}
