import Sockets

extension ConnectionState {
    /// How long a client that is late gets to show that it could not help it.
    ///
    /// Where the whole machine stood still, the client did too: its bytes, or its reading of ours,
    /// come right after the loop has seen that its time is over.
    static let secondLookPause = Duration.milliseconds(250)

    /// The moment at which something must be done if nothing else happens.
    var deadline: Instant? {
        var ofClient = clientDeadline
        if let lateness, lateness.deadline == ofClient { ofClient = lateness.secondLook }
        return [ofClient, backlogLook, doubtfulUntil, lingerEnd].lazy.compactMap(\.self).min()
    }

    /// Until when the client must have done something, whatever the phase asks of it.
    private var clientDeadline: Instant? {
        var earliest: Instant?
        func consider(_ moment: Instant) {
            earliest = min(earliest ?? moment, moment)
        }
        switch phase {
        case .waiting:
            if let headSince {
                consider(headSince + limits.headerTimeout)
            } else if output.isEmpty {
                consider(idleUntil)
            }
        case .exchange, .draining:
            if !bodyHasEnded {
                consider(bodySince + limits.bodyTimeout)
                consider(bodyPeriodSince + limits.bodyRatePeriod)
            }
        case .lingering: break
        case .closed: return nil
        }
        if !output.isEmpty { consider(writeSince + limits.writeTimeout) }
        return earliest
    }

    private var lingerEnd: Instant? {
        phase == .lingering && output.isEmpty ? lingerUntil : nil
    }

    /// When to see whether a client takes what the kernel holds for it.
    private var backlogLook: Instant? {
        backlog.map { $0.seenAt + limits.writeTimeout / 4 }
    }

    /// Sees whether the client has taken anything since the last look.
    ///
    /// The kernel reports room only once half of what it may hold unsent is gone (`Listener`): on a
    /// slow line, or for a client with a small receive buffer, that takes longer than a timeout.
    private mutating func lookAtBacklog(_ now: Instant) {
        guard let backlog, let count = stream?.unacknowledgedByteCount else { return }
        if count < backlog.byteCount { writeSince = now }
        self.backlog = (count, now)
    }

    /// Does what is due.
    mutating func alarmRang(now: Instant, _ wakeups: inout Wakeups) {
        lookAtBacklog(now)
        if let doubtfulUntil, doubtfulUntil <= now { askWhetherAnybodyReads(&wakeups) }
        if let lingerEnd, lingerEnd <= now { return close(&wakeups) }
        guard let deadline = clientDeadline, deadline <= now else { return }
        guard let lateness, lateness.deadline == deadline else {
            lateness = (deadline, now + Self.secondLookPause)
            return
        }
        if lateness.secondLook <= now { clientIsLate(now, &wakeups) }
    }

    private mutating func clientIsLate(_ now: Instant, _ wakeups: inout Wakeups) {
        if !output.isEmpty, writeSince + limits.writeTimeout <= now { return close(&wakeups) }
        switch phase {
        case .waiting:
            if headSince == nil { close(&wakeups) } else { failed(.requestTimeout, &wakeups) }
        case .exchange, .draining:
            if bodySince + limits.bodyTimeout <= now {
                failed(.requestTimeout, &wakeups)
            } else {
                checkBodyRate(now, &wakeups)
            }
        case .lingering, .closed: break
        }
    }

    /// Until when a client that has begun no request may stay.
    private var idleUntil: Instant {
        guard isNew else { return idleSince + limits.idleTimeout }
        let usual =
            connectedAt
            + (stream?.isEstablished == false ? limits.handshakeTimeout : limits.firstByteTimeout)
        return lastChance.map { min($0, usual) } ?? usual
    }

    /// Whether it waits for a request of which nothing has come.
    var isIdle: Bool { phase == .waiting && !parser.isInsideHead && arrival == nil }

    /// Gives a client that has just been accepted a second for its request.
    mutating func expectFirstRequestSoon() {
        lastChance = lastChance ?? .now + .seconds(1)
    }

    /// When to find out what a FIN meant, where nothing has been written since.
    private var doubtfulUntil: Instant? {
        guard let halfClosedSince, !responseHasBegun, phase == .exchange else { return nil }
        return halfClosedSince
            + (clientReadsInterim ? limits.halfCloseProbe : limits.halfCloseGrace)
    }

    /// Finds out what a FIN meant.
    ///
    /// An interim response (RFC 9110, section 15.2) is harmless to a client that still reads, and
    /// the system of one that is gone answers it with a reset. HTTP/1.0 knows none.
    private mutating func askWhetherAnybodyReads(_ wakeups: inout Wakeups) {
        guard clientReadsInterim else { return close(&wakeups) }
        halfClosedSince = nil
        _ = send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), [], &wakeups)
    }

    /// Closes a period; one in which it was the handler that did not read does not count.
    private mutating func checkBodyRate(_ now: Instant, _ wakeups: inout Wakeups) {
        let seconds =
            Double(limits.bodyRatePeriod.components.seconds)
            + Double(limits.bodyRatePeriod.components.attoseconds) * 1e-18
        let isHeldBack = chunksByteCount > 0 || mustSendContinue
        if !isHeldBack, Double(bodyPeriodByteCount) < Double(limits.minimumBodyRate) * seconds {
            failed(.requestTimeout, &wakeups)
        } else {
            bodyPeriodSince = now
            bodyPeriodByteCount = 0
        }
    }
}
