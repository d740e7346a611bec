import Sockets

extension ConnectionState {
    /// Sends `bytes`, or queues what does not go out at once.
    ///
    /// While output is gathered it is all queued, and goes out in one piece when the task pauses:
    /// a stream that has several events at hand costs the system one packet, not several.
    ///
    /// - Returns: Whether the client has fallen so far behind that the writer should wait.
    mutating func send(
        _ first: [UInt8], _ second: [UInt8], _ wakeups: inout Wakeups
    ) -> Result<Bool, HTTPError> {
        guard let stream, phase == .exchange else { return .failure(.disconnected) }
        var sent = 0
        let isFirst = output.isEmpty
        if isFirst, !gathersOutput {
            do throws(SocketError) {
                sent = try stream.write(first[...], second[...])
            } catch {
                close(&wakeups)
                return .failure(.disconnected)
            }
            traffic.noteSending(sent)
        }
        output.append(first.dropFirst(sent))
        output.append(second.dropFirst(max(0, sent - first.count)))
        if isFirst { noteTaking(isHeldUp: !gathersOutput && !output.isEmpty) }
        return .success(output.byteCount > limits.writeBufferByteCount)
    }

    /// Sends what waits, as far as the client takes it.
    mutating func flush(_ wakeups: inout Wakeups) {
        guard let stream, !output.isEmpty else { return }
        let waiting = output.byteCount
        do throws(SocketError) {
            if try output.flush(to: stream) { noteTaking(isHeldUp: !output.isEmpty) }
        } catch {
            return close(&wakeups)
        }
        traffic.noteSending(waiting - output.byteCount)
        if output.byteCount <= limits.writeBufferByteCount / 2 {
            for waiter in writeWaiters.values { wakeups.writes.append((waiter, .success(()))) }
            writeWaiters = [:]
        }
        guard output.isEmpty else { return }
        if phase == .lingering { beginLinger() }
        // A client that still reads the last response is not idle.
        if phase == .waiting { idleSince = .now }
    }

    /// Notes that bytes went out, and what the kernel holds where it would not take the rest.
    private mutating func noteTaking(isHeldUp: Bool) {
        writeSince = .now
        backlog = nil
        if isHeldUp, let count = stream?.unacknowledgedByteCount { backlog = (count, writeSince) }
    }

    /// Ends the exchange after its response has been handed over whole.
    mutating func endExchange(
        keepsAlive: Bool, channel: (Int) -> any BodyChannel, _ wakeups: inout Wakeups
    ) {
        guard phase == .exchange else { return }
        chunks.removeAll()
        chunksByteCount = 0
        mustSendContinue = false
        if keepsAlive {
            idleSince = .now
            phase = bodyHasEnded ? .waiting : .draining
            if output.isEmpty { parser.shrink() }
            pump(channel: channel, &wakeups)
        } else {
            phase = .lingering
            parser = RequestParser(limits: limits)
            if output.isEmpty { beginLinger() }
            pump(channel: channel, &wakeups)
        }
    }

    /// Ends a connection that waits for a request, but not before its last response is out.
    mutating func finish(_ wakeups: inout Wakeups) {
        guard !output.isEmpty else { return close(&wakeups) }
        phase = .lingering
        if let waiter = requestWaiter { wakeups.request = (waiter, nil) }
        requestWaiter = nil
    }

    /// Sends FIN and goes on reading for a while.
    ///
    /// To close with unread input would send a reset, and a reset makes the client's system throw
    /// away the response that it has not read yet (RFC 9112, section 9.6).
    private mutating func beginLinger() {
        stream?.finishWriting()
        lingerUntil = .now + limits.lingerTimeout
    }

    /// Whether a body that the handler has left unread is worth swallowing to keep the connection.
    var canReuse: Bool {
        guard bodyError == nil, clientKeepsAlive else { return false }
        if bodyHasEnded { return true }
        guard !mustSendContinue, let rest = parser.remainingBodyCount else { return false }
        return rest <= limits.drainByteCount
    }
}
