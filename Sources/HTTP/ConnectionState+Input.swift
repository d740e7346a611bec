import Sockets

extension ConnectionState {
    /// Takes in what an event has told, then whatever can be done about it.
    mutating func becameReady(
        _ readiness: Readiness, channel: (Int) -> any BodyChannel, _ wakeups: inout Wakeups
    ) {
        guard phase != .closed else { return }
        // Both directions are down: nobody is left who could read an answer.
        guard readiness.isDisjoint(with: [.hungUp, .failed]) else { return close(&wakeups) }
        if readiness.contains(.writable) {
            flush(&wakeups)
            if stream?.readsWhenWritable == true { mayRead = true }
        }
        if readiness.contains(.readable) { mayRead = true }
        if readiness.contains(.halfClosed), !hasHalfClosed {
            hasHalfClosed = true
            mayRead = true
            halfClosedSince = .now
        }
        pump(channel: channel, &wakeups)
    }

    /// Reads and parses as far as the phase wants input and the socket has some.
    mutating func pump(channel: (Int) -> any BodyChannel, _ wakeups: inout Wakeups) {
        var discarded = 0
        while parse(channel: channel, &wakeups), mayRead, let stream {
            let isLingering = phase == .lingering
            if isLingering, discarded >= Self.lingerBurstByteCount { return }
            do throws(SocketError) {
                let outcome: ReadOutcome
                if isLingering {
                    var thrownAway: [UInt8] = []
                    outcome = try stream.read(
                        appendingTo: &thrownAway, upTo: Self.readByteCount)
                } else {
                    outcome = try parser.fill { (buffer) throws(SocketError) in
                        try stream.read(appendingTo: &buffer, upTo: Self.readByteCount)
                    }
                }
                switch outcome {
                case .bytes(let count, let drained):
                    discarded += count
                    traffic.noteReceiving(count)
                    // After a FIN the end is still to be read, and no further event will say so.
                    mayRead = !drained || hasHalfClosed
                    if !bodyHasEnded { bodyPeriodByteCount += count }
                case .blocked:
                    mayRead = false
                case .end:
                    mayRead = false
                    inputEnded(&wakeups)
                    return
                }
            } catch .plainText {
                mayRead = true
                return failed(
                    .malformed(reason: "plain HTTP on a port that speaks TLS; use https"), &wakeups)
            } catch {
                return close(&wakeups)
            }
        }
    }

    /// Turns buffered bytes into what the phase wants; false where it wants none.
    private mutating func parse(
        channel: (Int) -> any BodyChannel, _ wakeups: inout Wakeups
    ) -> Bool {
        do throws(HTTPError) {
            while true {
                switch phase {
                case .waiting:
                    guard arrival == nil else { return false }
                    guard case .head(let head)? = try parser.next() else {
                        if headSince == nil, parser.isInsideHead {
                            headSince = .now
                            isNew = false
                        }
                        return true
                    }
                    begin(head, channel: channel, &wakeups)
                case .exchange, .draining:
                    guard !bodyHasEnded, chunksByteCount < limits.bodyBufferByteCount else {
                        return false
                    }
                    switch try parser.next() {
                    case .body(let bytes)?: took(bytes, &wakeups)
                    case .end?: bodyEnded(&wakeups)
                    case .head?, nil: return true
                    }
                case .lingering: return true
                case .closed: return false
                }
            }
        } catch {
            failed(error, &wakeups)
            return false
        }
    }

    /// Hands a request over, its body too if that is here already.
    private mutating func begin(
        _ head: RequestHead, channel: (Int) -> any BodyChannel, _ wakeups: inout Wakeups
    ) {
        phase = .exchange
        exchangeNumber += 1
        responseRest = nil
        headSince = nil
        isNew = false
        responseHasBegun = false
        responseHasEnded = false
        bodyError = nil
        bodyHasEnded = false
        // A request that was pipelined before the FIN has its own grace.
        if hasHalfClosed { halfClosedSince = .now }
        var whole: [UInt8] = []
        do throws(HTTPError) {
            gather: while chunksByteCount < limits.bodyBufferByteCount {
                switch try parser.next() {
                case .body(let bytes)?:
                    chunks.append(bytes)
                    chunksByteCount += bytes.count
                case .end?:
                    bodyHasEnded = true
                    whole = Array(chunks.joined())
                    chunks.removeAll()
                    chunksByteCount = 0
                    break gather
                case .head?, nil: break gather
                }
            }
        } catch {
            bodyError = error
        }
        let isComplete = bodyHasEnded
        if bodyError != nil { bodyHasEnded = true }
        if !bodyHasEnded {
            let now = Instant.now
            (bodySince, bodyPeriodSince, bodyPeriodByteCount) = (now, now, 0)
        }
        mustSendContinue = head.expectsContinue && !bodyHasEnded && chunks.isEmpty
        deliver(
            .success(
                HTTPRequest(
                    head: head,
                    body: isComplete
                        ? HTTPRequestBody(whole) : HTTPRequestBody(channel(exchangeNumber)),
                    peer: peer)), head: head, &wakeups)
    }

    private mutating func deliver(
        _ arrival: Result<HTTPRequest, HTTPError>, head: RequestHead?, _ wakeups: inout Wakeups
    ) {
        clientKeepsAlive = head?.keepsAlive ?? false
        clientReadsInterim = head?.version == .http11
        if let waiter = requestWaiter {
            requestWaiter = nil
            wakeups.request = (waiter, arrival)
        } else {
            self.arrival = arrival
        }
    }

    private mutating func took(_ bytes: [UInt8], _ wakeups: inout Wakeups) {
        guard phase == .exchange else { return }
        // The client has not waited for the word (RFC 9110, section 10.1.1).
        mustSendContinue = false
        if let waiter = bodyWaiter {
            bodyWaiter = nil
            wakeups.body = (waiter, .success(bytes))
        } else {
            chunks.append(bytes)
            chunksByteCount += bytes.count
        }
    }

    private mutating func bodyEnded(_ wakeups: inout Wakeups) {
        bodyHasEnded = true
        if phase == .draining {
            phase = .waiting
            idleSince = .now
        } else if let waiter = bodyWaiter {
            bodyWaiter = nil
            wakeups.body = (waiter, .success(nil))
        }
    }

    /// The request cannot go on: tells whoever waits for it.
    mutating func failed(_ error: HTTPError, _ wakeups: inout Wakeups) {
        switch phase {
        case .waiting:
            phase = .exchange
            exchangeNumber += 1
            (bodyHasEnded, bodyError) = (true, nil)
            (responseHasBegun, responseHasEnded) = (false, false)
            (headSince, mustSendContinue, responseRest, isNew) = (nil, false, nil, false)
            deliver(.failure(error), head: nil, &wakeups)
        case .exchange:
            bodyError = error
            bodyHasEnded = true
            if let waiter = bodyWaiter {
                bodyWaiter = nil
                wakeups.body = (waiter, .failure(error))
            }
        case .draining: finish(&wakeups)
        case .lingering, .closed: break
        }
    }

    /// The client has sent its last byte.
    private mutating func inputEnded(_ wakeups: inout Wakeups) {
        switch phase {
        case .waiting where !parser.isInsideHead: finish(&wakeups)
        case .waiting: failed(.malformed(reason: "it ends within its header"), &wakeups)
        case .exchange: if !bodyHasEnded { failed(.truncatedBody, &wakeups) }
        case .draining: finish(&wakeups)
        case .lingering: if output.isEmpty { close(&wakeups) }
        case .closed: break
        }
    }
}
