import HTTP

/// The web page beside the API: files for every path that is no route, without a key, because a
/// browser sends none when it opens a page.
struct PageFiles: Sendable {
    /// The folder; nil has no page.
    let files: StaticFiles?

    /// Whether the request is for the folder to answer, where it has the file.
    ///
    /// `/` is the page for browsers and the API's greeting for others.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - isRoute: Whether some route has its path.
    /// - Returns: Whether to look for a file first.
    func isAsked(by request: HTTPRequest, isRoute: Bool) -> Bool {
        files != nil && (!isRoute || isPage(request))
    }

    /// The file that answers; nil where there is none.
    func respond(to request: HTTPRequest) throws(HTTPError) -> HTTPResponse? {
        var response = try files?.respond(to: request)
        if isPage(request) { response?.fields.append(HTTPField(name: .vary, value: "Accept")) }
        return response
    }

    private func isPage(_ request: HTTPRequest) -> Bool {
        request.path == "/" && (request.method == .get || request.method == .head)
            && Self.wantsPage(request.fields)
    }

    private static func wantsPage(_ fields: HTTPFields) -> Bool {
        fields[values: .accept].contains { $0.lowercased().contains("text/html") }
    }
}
