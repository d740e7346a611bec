import Accounts
import Foundation
import Synchronization
import Testing

@Suite struct UsageLedgerTests {
    private static func account(
        spend: Double? = nil, tokens: Double? = nil, _ period: QuotaPeriod = .day
    ) -> Account {
        var account = Account(name: "a", digest: KeyDigest(of: "k".utf8))
        account.spend = spend.map { Account.Quota(limit: $0, period: period) }
        account.tokens = tokens.map { Account.Quota(limit: $0, period: period) }
        return account
    }

    private static func spending(_ cost: Double, tokens: Int = 3) -> [Spending] {
        [
            Spending(
                member: "m", promptTokens: 1, reasoningTokens: 1, answerTokens: tokens - 2,
                cost: cost)
        ]
    }

    private static func ledger(_ store: FakeStore, _ clock: FakeClock) throws -> UsageLedger {
        try UsageLedger(store: store, retryInterval: .milliseconds(5), now: { clock.date })
    }

    @Test func `what requests together may take never passes the quota`() async throws {
        let (store, clock) = (FakeStore(), FakeClock())
        let account = Self.account(spend: 1)
        let ledger = try Self.ledger(store, clock)
        let taken = await withTaskGroup(of: Reservation?.self) { group in
            for index in 0..<50 {
                group.addTask {
                    try? ledger.reserve(id: "\(index)", account: account, cost: 0.1, tokens: 1)
                }
            }
            return await group.reduce(into: [Reservation]()) { all, next in
                if let next { all.append(next) }
            }
        }
        #expect(taken.count == 10)
        #expect(
            throws: QuotaRefusal.heldByOthers(
                .spend, Account.Quota(limit: 1, period: .day), needed: 0.1)
        ) { try ledger.reserve(id: "x", account: account, cost: 0.1, tokens: 1) }
        // Each took less than it might have, so that more has room.
        for reservation in taken { await reservation.settleInStore(Self.spending(0.05)) }
        let next = try ledger.reserve(id: "y", account: account, cost: 0.5, tokens: 1)
        next.settle(Self.spending(0.5))
        #expect(throws: QuotaRefusal.self) { try ledger.check(account) }
        do {
            _ = try ledger.reserve(id: "z", account: account, cost: 0.1, tokens: 1)
            Issue.record("taken")
        } catch QuotaRefusal.exhausted(.spend, _, let left, let needed, let seconds) {
            #expect(left < 1e-9 && needed == 0.1)
            #expect(abs(clock.date.timeIntervalSince1970 + seconds - 1_795_737_600) < 1e-3)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func `tokens have a quota too`() throws {
        let account = Self.account(tokens: 100, .hour)
        let ledger = try Self.ledger(FakeStore(), FakeClock())
        let first = try ledger.reserve(id: "1", account: account, cost: 0, tokens: 90)
        #expect(throws: QuotaRefusal.self) {
            try ledger.reserve(id: "2", account: account, cost: 0, tokens: 11)
        }
        first.settle(Self.spending(0, tokens: 40))
        _ = try ledger.reserve(id: "3", account: account, cost: 0, tokens: 60)
        #expect(throws: QuotaRefusal.self) {
            try ledger.reserve(id: "4", account: account, cost: 0, tokens: 61)
        }
    }

    @Test func `a request counts once, dropped ones not at all`() async throws {
        let (store, clock) = (FakeStore(), FakeClock())
        let account = Self.account(spend: 1)
        let ledger = try Self.ledger(store, clock)
        var reservation: Reservation? = try ledger.reserve(
            id: "1", account: account, cost: 1, tokens: 3)
        reservation?.settle(Self.spending(0.25))
        reservation?.settle(Self.spending(0.25))
        await reservation?.settleInStore(Self.spending(0.25))
        reservation = try ledger.reserve(id: "2", account: account, cost: 0.5, tokens: 3)
        #expect(ledger.standing(.spend, of: account)?.reserved == 0.5)
        reservation = nil
        #expect(ledger.standing(.spend, of: account)?.reserved == 0)
        #expect(ledger.standing(.spend, of: account)?.spent == 0.25)
        let rows = try await ledger.rows(of: "a", in: 0..<Int.max)
        #expect(rows.map(\.cost) == [0.25] && rows.map(\.requests) == [1])
    }

    @Test func `a raised ceiling has to fit as well`() throws {
        let account = Self.account(spend: 1)
        let ledger = try Self.ledger(FakeStore(), FakeClock())
        let reservation = try ledger.reserve(id: "1", account: account, cost: 0.5, tokens: 3)
        try reservation.raise(toCost: 0.75, tokens: 4)
        #expect(throws: QuotaRefusal.self) { try reservation.raise(toCost: 1.25, tokens: 4) }
        #expect(ledger.standing(.spend, of: account)?.reserved == 0.75)
        try reservation.raise(toCost: 0.1, tokens: 1)
        #expect(ledger.standing(.spend, of: account)?.reserved == 0.75)
        reservation.settle(Self.spending(0.1))
        #expect(ledger.standing(.spend, of: account)?.reserved == 0)
    }

    @Test(arguments: QuotaPeriod.allCases)
    func `the next period begins with a whole quota, at no other time`(period: QuotaPeriod) throws {
        let (store, clock) = (FakeStore(), FakeClock())
        let account = Self.account(spend: 1, period)
        let ledger = try Self.ledger(store, clock)
        try ledger.reserve(id: "1", account: account, cost: 1, tokens: 1).settle(Self.spending(1))
        let end = period.end(of: clock.date).timeIntervalSince(clock.date)
        clock.pass(end - 1)
        #expect(throws: QuotaRefusal.self) { try ledger.check(account) }
        clock.pass(2)
        try ledger.check(account)
        try ledger.reserve(id: "2", account: account, cost: 1, tokens: 1).settle(Self.spending(1))
        // Set back, into the period before and far beyond.
        for jump: Double in [-3, -7200, -3_456_000] {
            clock.set(by: jump)
            #expect(throws: QuotaRefusal.self, "\(jump)") { try ledger.check(account) }
        }
        ledger.close()
        // Nor does a new start at such a time forget.
        let again = try Self.ledger(store, clock)
        #expect(throws: QuotaRefusal.self) { try again.check(account) }
    }

    @Test func `a store that fails loses nothing, and refuses accounts with quotas alone`()
        async throws
    {
        let (store, clock) = (FakeStore(), FakeClock())
        let (capped, free) = (
            Self.account(spend: 1), Account(name: "free", digest: KeyDigest(of: "f".utf8))
        )
        let told = Mutex<[String]>([])
        let ledger = try UsageLedger(
            store: store, retryInterval: .milliseconds(5), now: { clock.date },
            tell: { line in told.withLock { $0.append(line) } })
        store.fails = true
        // Nobody waits for a disk that is full.
        await (try ledger.reserve(id: "1", account: capped, cost: 0.25, tokens: 3))
            .settleInStore(Self.spending(0.25))
        #expect(throws: QuotaRefusal.ledgerFails) { try ledger.check(capped) }
        #expect(throws: QuotaRefusal.ledgerFails) {
            try ledger.reserve(id: "2", account: capped, cost: 0.1, tokens: 3)
        }
        await (try ledger.reserve(id: "3", account: free, cost: 9, tokens: 3))
            .settleInStore(Self.spending(9))
        #expect(try await ledger.rows(of: nil, in: 0..<Int.max).map(\.cost) == [0.25, 9])
        // A write that was taken and told as failed is not counted twice.
        store.failsAfterwards = true
        store.fails = false
        while store.batches < 2 { try await Task.sleep(for: .milliseconds(2)) }
        store.failsAfterwards = false
        while (try? ledger.check(capped)) == nil { try await Task.sleep(for: .milliseconds(2)) }
        #expect(try store.rows(of: nil, in: 0..<Int.max).map(\.cost) == [0.25, 9])
        #expect(told.withLock { $0.count } == 2)
    }

    @Test func `many ends are written together`() async throws {
        let (store, clock) = (FakeStore(), FakeClock())
        let ledger = try Self.ledger(store, clock)
        let account = Self.account()
        await withTaskGroup { group in
            for index in 0..<200 {
                group.addTask {
                    let reservation = try? ledger.reserve(
                        id: "\(index)", account: account, cost: 0, tokens: 1)
                    await reservation?.settleInStore(Self.spending(0.5))
                    #expect(store.batches > 0)
                }
            }
        }
        let rows = try store.rows(of: "a", in: 0..<Int.max)
        #expect(rows.count == 200 && rows.map(\.requests).reduce(0, +) == 200)
        ledger.close()
    }
}
