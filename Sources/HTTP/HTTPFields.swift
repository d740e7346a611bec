// The vocabulary of swift-http-types, passed on piece by piece: a whole import would bring types
// named `HTTPRequest` and `HTTPResponse` of its own into every file that imports this module.
@_exported public import struct HTTPTypes.HTTPField
@_exported public import struct HTTPTypes.HTTPFields
public import struct HTTPTypes.HTTPRequest
public import struct HTTPTypes.HTTPResponse

/// A request method, for example `.get`; compared byte by byte, so `get` is not `GET`.
public typealias HTTPMethod = HTTPTypes.HTTPRequest.Method

/// A response status, for example `.ok`; holds the code and the reason phrase.
public typealias HTTPStatus = HTTPTypes.HTTPResponse.Status

extension HTTPStatus {
    /// What the registry calls a status that this server sends; empty for others.
    ///
    /// - Parameter code: The status.
    /// - Returns: The reason phrase.
    public static func phrase(ofCode code: Int) -> String {
        let known: [HTTPStatus] = [
            .badRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed, .requestTimeout,
            .conflict, .lengthRequired, .preconditionFailed, .contentTooLarge, .uriTooLong,
            .unsupportedMediaType, .rangeNotSatisfiable, .expectationFailed, .tooManyRequests,
            .requestHeaderFieldsTooLarge, .internalServerError, .notImplemented,
            .serviceUnavailable, HTTPError.unsupportedVersion("").status,
        ]
        return known.first { $0.code == code }?.reasonPhrase ?? ""
    }
}
