import DequeModule

/// The body of one exchange; reads nothing of a later one, however long it is kept.
struct ExchangeBody: BodyChannel {
    let connection: Connection
    let exchange: Int

    func nextChunk() async throws(HTTPError) -> [UInt8]? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                connection.locked { state, wakeups in
                    state.readBody(
                        exchange, waiter: continuation, isCancelled: Task.isCancelled,
                        channel: connection.channel, &wakeups)
                }
            }
        } onCancel: {
            connection.locked { state, wakeups in
                guard state.exchangeNumber == exchange, let waiter = state.bodyWaiter else {
                    return
                }
                state.bodyWaiter = nil
                wakeups.body = (waiter, .failure(.cancelled))
            }
        }
        return try result.get()
    }
}

extension ConnectionState {
    /// Answers a task that wants the next chunk, now or when there is one.
    fileprivate mutating func readBody(
        _ exchange: Int, waiter: Wakeups.BodyWaiter, isCancelled: Bool,
        channel: (Int) -> any BodyChannel, _ wakeups: inout Wakeups
    ) {
        guard phase == .exchange, exchangeNumber == exchange else {
            wakeups.body = (waiter, .failure(.disconnected))
            return
        }
        precondition(bodyWaiter == nil, "two tasks read one body at the same time")
        if chunks.isEmpty { pump(channel: channel, &wakeups) }
        if let chunk = chunks.popFirst() {
            if chunksByteCount >= limits.bodyBufferByteCount {
                // So far it was the handler that kept the client from sending.
                (bodyPeriodSince, bodyPeriodByteCount) = (.now, 0)
            }
            chunksByteCount -= chunk.count
            wakeups.body = (waiter, .success(chunk))
            // There is room again, and the socket may hold bytes that no event will announce.
            pump(channel: channel, &wakeups)
        } else if phase == .closed {
            wakeups.body = (waiter, .failure(.disconnected))
        } else if let bodyError {
            wakeups.body = (waiter, .failure(bodyError))
        } else if bodyHasEnded {
            wakeups.body = (waiter, .success(nil))
        } else if isCancelled {
            wakeups.body = (waiter, .failure(.cancelled))
        } else {
            bodyWaiter = waiter
            guard mustSendContinue else { return }
            mustSendContinue = false
            guard !responseHasBegun else { return }
            _ = send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), [], &wakeups)
        }
    }
}
