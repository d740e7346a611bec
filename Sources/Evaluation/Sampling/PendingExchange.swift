import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// One request and its answer; a task that is cancelled stops waiting for it.
///
/// Stands in for `URLSession.data(for:)`, which can deadlock on Linux when many tasks are
/// cancelled while their requests fail; `URLSessionTask.cancel()` traps there at such times. So a
/// cancelled request is not called back but abandoned: its answer, should one come, is dropped,
/// and its connection ends with the session or the program.
final class PendingExchange: Sendable {
    private typealias Waiter = CheckedContinuation<(Data, URLResponse), any Error>

    private enum State {
        case idle
        case waiting(Waiter)
        case ended
    }

    private let state = Mutex(State.idle)

    /// Sends the request and waits for the whole answer; to be called once.
    ///
    /// - Parameters:
    ///   - request: What to send.
    ///   - session: Where.
    /// - Returns: The body and its head.
    /// - Throws: `CancellationError`, or what kept the answer away.
    func run(_ request: URLRequest, in session: URLSession) async throws -> (Data, URLResponse) {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                let mayStart = state.withLock { state in
                    guard case .idle = state else { return false }
                    state = .waiting(waiter)
                    return true
                }
                guard mayStart else {
                    waiter.resume(throwing: CancellationError())
                    return
                }
                session.dataTask(with: request) { [self] data, response, error in
                    if let data, let response {
                        end()?.resume(returning: (data, response))
                    } else {
                        end()?.resume(throwing: error ?? URLError(.unknown))
                    }
                }.resume()
            }
        } onCancel: {
            end()?.resume(throwing: CancellationError())
        }
    }

    /// Whoever comes first gets the waiter.
    private func end() -> Waiter? {
        state.withLock { state in
            defer { state = .ended }
            guard case .waiting(let waiter) = state else { return nil }
            return waiter
        }
    }
}
