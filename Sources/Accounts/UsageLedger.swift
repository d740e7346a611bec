import Dispatch
public import Foundation
import Synchronization

/// What every account has spent, and what its running requests may still spend.
///
/// A request reserves the most that it may take before it makes a token, so that requests together
/// never pass a quota, and is settled with what it took. The rules:
///
/// - Reservations live in memory alone. What a killed server had under way is not counted; what
///   `settle` has returned for is in the store, and is counted once however often it is written.
/// - Usage belongs to the hour in which a request ended. A period holds all hours from its start on,
///   later ones than now included: a clock that is set back neither forgets nor resets anything.
/// - When the store fails, what ended is kept and written again until it is taken. Meanwhile
///   accounts with a quota are refused; others are served until 100,000 requests wait.
public final class UsageLedger: Sendable {
    struct Totals {
        var cost = 0.0
        var tokens = 0.0
    }

    struct State {
        /// What was spent, by account and hour.
        var hours: [String: [Int: Totals]] = [:]
        var reserved: [String: Totals] = [:]
        /// What ended and is not in the store.
        var pending: [Settlement] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isScheduled = false
        var isFailing = false
    }

    /// Days for which usage is kept: what ended earlier than that before the newest request that
    /// has ended may be forgotten.
    public static let daysKept = 400

    /// Hours that can still matter: a month's, and as many again for a clock that is set back.
    private static let memory = 62 * 24
    static let mostPending = 100_000

    let state = Mutex(State())
    let now: @Sendable () -> Date
    private let store: any UsageStore
    private let retryInterval: Duration
    private let tell: @Sendable (String) -> Void
    private let queue = DispatchQueue(label: "laconic.ledger")

    /// Opens a ledger.
    ///
    /// - Parameters:
    ///   - store: Where usage is kept.
    ///   - retryInterval: When what could not be written is tried again.
    ///   - now: The time.
    ///   - tell: Gets a line when the store begins to fail and when it works again.
    /// - Throws: What the store throws when it is read.
    public init(
        store: any UsageStore, retryInterval: Duration = .seconds(1),
        now: @escaping @Sendable () -> Date = { Date() },
        tell: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.store = store
        self.retryInterval = retryInterval
        self.now = now
        self.tell = tell
        let rows = try store.rows(
            of: nil, in: Self.hour(of: now()) - Self.memory..<Int.max)
        state.withLock { state in
            for row in rows {
                state.hours[row.account, default: [:]][row.hour, default: Totals()].add(row)
            }
        }
    }

    /// Hours since 1970.
    static func hour(of moment: Date) -> Int {
        Int((moment.timeIntervalSince1970 / 3600).rounded(.down))
    }

    /// Reserves what a request may take.
    ///
    /// - Parameters:
    ///   - id: The request's name, given by the server: two of one name are counted once.
    ///   - account: Whose it is.
    ///   - cost: The most it may cost.
    ///   - tokens: The most tokens it may take, its prompt's included.
    /// - Returns: What has to be settled when it ends.
    /// - Throws: `QuotaRefusal` where a quota does not hold it.
    public func reserve(
        id: String, account: Account, cost: Double, tokens: Int
    ) throws(QuotaRefusal) -> Reservation {
        try hold(account, Totals(cost: cost, tokens: Double(tokens)))
        return Reservation(id: id, account: account, ledger: self, cost: cost, tokens: tokens)
    }

    /// Whether an account has anything left, as is worth knowing before the work begins.
    ///
    /// - Parameter account: Whose request it is.
    /// - Throws: `QuotaRefusal` where nothing is left.
    public func check(_ account: Account) throws(QuotaRefusal) {
        let now = now()
        try state.withLock { state throws(QuotaRefusal) in
            try Self.refuseWhileFailing(account, state)
            for (kind, quota) in account.quotas {
                let left = quota.limit - state.spent(kind, quota.period, account.name, now)
                guard left > 0 else {
                    throw .exhausted(
                        kind, quota, left: 0, needed: 0, seconds: quota.period.seconds(from: now))
                }
            }
        }
    }

    /// Adds to what is reserved, or throws.
    func hold(_ account: Account, _ more: Totals) throws(QuotaRefusal) {
        let now = now()
        try state.withLock { state throws(QuotaRefusal) in
            try Self.refuseWhileFailing(account, state)
            let reserved = state.reserved[account.name] ?? Totals()
            for (kind, quota) in account.quotas {
                let spent = state.spent(kind, quota.period, account.name, now)
                let needed = more[kind]
                // Sums of binary fractions are not exact, and must not refuse the last token.
                let limit = quota.limit * (1 + 1e-9)
                guard spent + needed <= limit else {
                    throw .exhausted(
                        kind, quota, left: max(0, quota.limit - spent), needed: needed,
                        seconds: quota.period.seconds(from: now))
                }
                guard spent + reserved[kind] + needed <= limit else {
                    throw .heldByOthers(kind, quota, needed: needed)
                }
            }
            state.reserved[account.name] = Totals(
                cost: reserved.cost + more.cost, tokens: reserved.tokens + more.tokens)
        }
    }

    private static func refuseWhileFailing(
        _ account: Account, _ state: State
    ) throws(QuotaRefusal) {
        guard !state.isFailing || !account.hasQuota, state.pending.count < mostPending else {
            throw .ledgerFails
        }
    }

    /// Counts what a request took in place of what it reserved, and has it written.
    ///
    /// - Parameters:
    ///   - settlement: What it took.
    ///   - held: What it reserved.
    ///   - waiter: Called once it is written, or cannot be for now.
    func settle(
        _ settlement: Settlement, reserved held: Totals,
        waiter: CheckedContinuation<Void, Never>? = nil
    ) {
        let waits = state.withLock { state in
            let name = settlement.account
            state.release(held, of: name)
            for spending in settlement.spending {
                state.hours[name, default: [:]][settlement.hour, default: Totals()].add(spending)
            }
            let oldest = settlement.hour - Self.memory
            if let hours = state.hours[name], hours.count > Self.memory {
                state.hours[name] = hours.filter { $0.key >= oldest }
            }
            guard state.pending.count < Self.mostPending else { return false }
            state.pending.append(settlement)
            if !state.isScheduled {
                state.isScheduled = true
                queue.async { self.flush() }
            }
            guard let waiter, !state.isFailing else { return false }
            state.waiters.append(waiter)
            return true
        }
        if !waits { waiter?.resume() }
    }

    /// Gives back what was reserved.
    func release(_ held: Totals, of account: String) {
        state.withLock { $0.release(held, of: account) }
    }

    /// Writes what has ended since the last time, in one transaction; on the queue alone.
    private func flush() {
        let (batch, waiters) = state.withLock { state in
            state.isScheduled = false
            let waiters = state.waiters
            state.waiters = []
            return (state.pending, waiters)
        }
        defer { for waiter in waiters { waiter.resume() } }
        guard !batch.isEmpty else { return }
        do {
            try store.write(batch)
            let recovered = state.withLock { state in
                state.pending.removeFirst(batch.count)
                defer { state.isFailing = false }
                return state.isFailing
            }
            if recovered { tell("usage is written down again") }
        } catch {
            let begins = state.withLock { state in
                state.isScheduled = true
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if begins {
                tell("usage cannot be written down, keys with quotas are refused: \(error)")
            }
            let delay = DispatchTimeInterval.milliseconds(Int(retryInterval / .milliseconds(1)))
            queue.asyncAfter(deadline: .now() + delay) { [weak self] in self?.flush() }
        }
    }

    /// Writes what is left; the server has ended.
    public func close() {
        queue.sync { flush() }
    }

    /// What was spent, all that ended before the call included.
    ///
    /// - Parameters:
    ///   - account: Whose; nil asks for everybody's.
    ///   - hours: The hours that are asked for, counted since 1970.
    /// - Returns: Rows by account, member and hour.
    /// - Throws: What the store throws when it cannot be read.
    public func rows(of account: String?, in hours: Range<Int>) async throws -> [UsageRow] {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                flush()
                continuation.resume(with: Result { try readRows(of: account, in: hours) })
            }
        }
    }

    private func readRows(of account: String?, in hours: Range<Int>) throws -> [UsageRow] {
        let pending = state.withLock { $0.pending }.filter {
            hours.contains($0.hour) && account ?? $0.account == $0.account
        }
        return try store.rows(of: account, in: hours) + pending.flatMap(\.rows)
    }

    /// Where an account stands with one of its quotas.
    ///
    /// - Parameters:
    ///   - kind: Which.
    ///   - account: Whose.
    /// - Returns: What was spent in the period, what running requests hold, and when the next
    ///   period begins; nil where there is no such quota.
    public func standing(
        _ kind: QuotaRefusal.Kind, of account: Account
    ) -> (quota: Account.Quota, spent: Double, reserved: Double, reset: Date)? {
        guard let quota = account.quotas.first(where: { $0.kind == kind })?.quota else {
            return nil
        }
        let now = now()
        return state.withLock { state in
            (
                quota, state.spent(kind, quota.period, account.name, now),
                state.reserved[account.name]?[kind] ?? 0, quota.period.end(of: now)
            )
        }
    }
}

extension UsageLedger.State {
    /// What an account spent since the period of `now` began.
    func spent(
        _ kind: QuotaRefusal.Kind, _ period: QuotaPeriod, _ account: String, _ now: Date
    ) -> Double {
        let start = UsageLedger.hour(of: period.start(of: now))
        return hours[account]?.reduce(0) { $0 + ($1.key >= start ? $1.value[kind] : 0) } ?? 0
    }

    /// Takes off what was reserved.
    mutating func release(_ held: UsageLedger.Totals, of account: String) {
        guard let all = reserved[account] else { return }
        let rest = UsageLedger.Totals(
            cost: max(0, all.cost - held.cost), tokens: max(0, all.tokens - held.tokens))
        // Tokens are whole, so that none left means nobody left, and no rounding stays either.
        reserved[account] = rest.tokens > 0 ? rest : nil
    }
}

extension UsageLedger.Totals {
    subscript(kind: QuotaRefusal.Kind) -> Double {
        switch kind {
        case .spend: cost
        case .tokens: tokens
        }
    }

    mutating func add(_ row: UsageRow) {
        cost += row.cost
        tokens += Double(row.promptTokens + row.reasoningTokens + row.answerTokens)
    }

    mutating func add(_ spending: Spending) {
        cost += spending.cost
        tokens += Double(spending.tokens)
    }
}

extension Account {
    /// Its quotas on what is spent.
    var quotas: [(kind: QuotaRefusal.Kind, quota: Quota)] {
        [(.spend, spend), (.tokens, tokens)].compactMap { kind, quota in
            quota.map { (kind, $0) }
        }
    }
}

extension QuotaPeriod {
    /// How long until the next one begins.
    fileprivate func seconds(from now: Date) -> Double {
        end(of: now).timeIntervalSince(now)
    }
}
