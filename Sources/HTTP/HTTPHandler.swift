/// Answers one request.
///
/// Runs in a task of its own that is cancelled when the client hangs up, on the thread that serves
/// many other clients too: what takes long belongs into `offLoop`. An `HTTPError` it throws is
/// answered with that error's status, any other error with 500.
public typealias HTTPHandler = @Sendable (HTTPRequest) async throws -> HTTPResponse

/// Makes the body of an answer that no handler gave: bad requests, unknown paths, limits.
///
/// Its status is ignored in favour of the error's own.
public typealias HTTPErrorResponder = @Sendable (HTTPError) -> HTTPResponse
