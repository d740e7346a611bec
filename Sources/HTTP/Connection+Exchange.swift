import Sockets

extension Connection {
    /// Serves request after request until the connection has ended.
    ///
    /// The requests are answered in a child task, which is cancelled as soon as the connection
    /// ends, be it in the middle of a handler that writes nothing.
    func serve() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.serveRequests() }
            await ended()
            group.cancelAll()
        }
    }

    private func serveRequests() async {
        while let arrival = await nextRequest() {
            switch arrival {
            case .success(let request): await answer(request)
            case .failure(let error):
                let isHead = locked { state, _ in state.parser.isHead }
                await send(
                    context.response(to: error), method: isHead ? .head : nil, version: .http11)
            }
        }
    }

    private func nextRequest() async -> Wakeups.Arrival? {
        await withCheckedContinuation { continuation in
            locked { state, wakeups in
                if state.arrival != nil || state.phase == .closed || state.phase == .lingering {
                    wakeups.request = (continuation, state.arrival)
                    state.arrival = nil
                } else if context.isDraining, state.isIdle, !state.isNew {
                    wakeups.request = (continuation, nil)
                    state.finish(&wakeups)
                } else {
                    if context.isDraining, state.isIdle { state.expectFirstRequestSoon() }
                    state.requestWaiter = continuation
                }
            }
        }
    }

    private func answer(_ request: HTTPRequest) async {
        var response: HTTPResponse
        do {
            let request = RequestDecoding.undone(
                request, limit: context.limits.bodyByteCount)
            response = try await context.handler(request)
            if let threshold = context.compressionThreshold {
                await ResponseCompression.apply(
                    to: &response, for: request, threshold: threshold)
            }
        } catch {
            response = context.response(to: Self.problem(error))
        }
        await send(response, method: request.method, version: request.version)
    }

    /// Sends a response to its end and decides whether the connection goes on.
    private func send(
        _ response: HTTPResponse, method: HTTPMethod?, version: HTTPVersion
    ) async {
        let canReuse = locked { state, _ in state.canReuse } && !context.isDraining
        let head = ResponseHead(response, method: method, version: version, keepsAlive: canReuse)
        let bytes = head.serialized(date: context.date.line, serverName: context.serverName)
        do throws(HTTPError) {
            switch response.body {
            case .bytes(let body) where head.sendsBody: try await write(bytes, body)
            case .stream(let run) where head.sendsBody, .sized(_, let run) where head.sendsBody:
                guard try await stream(run, head: head, bytes: bytes, method: method) else {
                    return
                }
            case .empty, .bytes, .stream, .sized: try await write(bytes)
            }
        } catch {
            return close()
        }
        locked { $0.endExchange(keepsAlive: head.keepsAlive, channel: channel, &$1) }
    }

    /// Runs a streaming body; false where it failed and the connection has been dealt with.
    private func stream(
        _ run: @Sendable (HTTPBodyWriter) async throws -> Void, head: ResponseHead,
        bytes: [UInt8], method: HTTPMethod?
    ) async throws(HTTPError) -> Bool {
        let isChunked = head.framing == .chunked
        let exchange = locked { state, _ in
            state.pendingHead = bytes
            state.responseRest = if case .length(let count) = head.framing { count } else { nil }
            return state.exchangeNumber
        }
        let writer = HTTPBodyWriter { (piece) throws(HTTPError) in
            try await self.write(
                isChunked ? ChunkedCoding.chunk(piece) : piece, exchange: exchange)
        }
        do {
            try await run(writer)
            guard locked({ state, _ in state.responseRest ?? 0 }) == 0 else {
                throw HTTPError.handlerFailed(reason: "a body shorter than its stated length")
            }
        } catch {
            let hasBegun = locked { state, _ in
                state.pendingHead = nil
                return state.responseHasBegun
            }
            guard !hasBegun else {
                // Half a body must not pass for a whole one: for chunks the missing end tells, for
                // a body that ends with the connection only a reset does.
                locked { state, wakeups in
                    state.flush(&wakeups)
                    if !isChunked { state.stream?.resetOnClose() }
                    state.close(&wakeups)
                }
                return false
            }
            await send(
                context.response(to: Self.problem(error)), method: method, version: .http11)
            return false
        }
        try await write(isChunked ? ChunkedCoding.end : [], exchange: exchange, ends: true)
        return true
    }

    /// Sends bytes of the response, after its head if that still waits for them.
    private func write(
        _ first: [UInt8], _ second: [UInt8] = [], exchange: Int? = nil, ends: Bool = false
    ) async throws(HTTPError) {
        let (number, mustWait) = try locked { state, wakeups -> Result<(Int, Bool), HTTPError> in
            // A writer that was kept beyond its response must not write after it or into the next.
            if let exchange, exchange != state.exchangeNumber || state.responseHasEnded {
                return .failure(.disconnected)
            }
            if let rest = state.responseRest, exchange != nil {
                guard first.count <= rest else {
                    return .failure(
                        .handlerFailed(reason: "a body longer than its stated length"))
                }
                state.responseRest = rest - first.count
            }
            state.responseHasBegun = true
            state.responseHasEnded = ends
            state.writeNumber &+= 1
            let number = state.writeNumber
            if exchange != nil, !state.gathersOutput {
                state.gathersOutput = loop.callAfterTask(self)
            }
            guard let head = state.pendingHead else {
                return state.send(first, second, &wakeups).map { (number, $0) }
            }
            state.pendingHead = nil
            return state.send(head, first, &wakeups).map { (number, $0) }
        }.get()
        guard mustWait else { return }
        try await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                locked { state, wakeups in
                    if state.phase == .closed {
                        wakeups.writes = [(continuation, .failure(.disconnected))]
                    } else if state.output.byteCount <= context.limits.writeBufferByteCount {
                        wakeups.writes = [(continuation, .success(()))]
                    } else if Task.isCancelled {
                        wakeups.writes = [(continuation, .failure(.cancelled))]
                    } else {
                        state.writeWaiters[number] = continuation
                    }
                }
            }
        } onCancel: {
            locked { state, wakeups in
                guard let waiter = state.writeWaiters.removeValue(forKey: number) else { return }
                wakeups.writes = [(waiter, .failure(.cancelled))]
            }
        }.get()
    }

    private static func problem(_ error: any Error) -> HTTPError {
        switch error {
        case let error as HTTPError: error
        case is CancellationError: .cancelled
        default: .handlerFailed(reason: "\(error)")
        }
    }
}
