import Accounts
import Testing

@Suite struct KeyRingTests {
    private static func account(_ name: String, key: String) -> Account {
        Account(name: name, digest: KeyDigest(of: key.utf8))
    }

    @Test func `a key opens its own account and nothing like it opens any`() {
        let ring = KeyRing([
            Self.account("a", key: "alpha"), Self.account("b", key: "beta"),
        ])
        #expect(ring.account(ofKey: "alpha".utf8)?.name == "a")
        #expect(ring.account(ofKey: "beta".utf8)?.name == "b")
        for key in ["", "alph", "alphaa", "Alpha", "alpha ", "gamma"] {
            #expect(ring.account(ofKey: key.utf8) == nil)
        }
    }

    @Test func `requests per minute come back evenly, and the wait that is told is enough`() throws
    {
        let clock = FakeClock()
        var account = Self.account("a", key: "k")
        account.requestsPerMinute = 6
        let ring = KeyRing([account]) { clock.instant }
        for left in (0..<6).reversed() {
            let rate = try #require(try ring.admit(account).rate)
            #expect(rate.limit == 6 && rate.remaining == left)
            #expect(abs(rate.secondsToReset - Double(6 - left) * 10) < 1e-6)
        }
        for _ in 0..<3 {
            #expect(throws: QuotaRefusal.tooManyRequests(limit: 6, seconds: 10)) {
                try ring.admit(account)
            }
        }
        clock.pass(9.9)
        #expect(throws: QuotaRefusal.self) { try ring.admit(account) }
        clock.pass(0.2)
        _ = try ring.admit(account)
        #expect(throws: QuotaRefusal.self) { try ring.admit(account) }
        clock.pass(3600)
        #expect(try ring.admit(account).rate?.remaining == 5)
    }

    @Test func `requests at a time are given back once, dropped ones too`() throws {
        var account = Self.account("a", key: "k")
        account.concurrency = 2
        let ring = KeyRing([account])
        let first = try ring.admit(account)
        var second: Admission? = try ring.admit(account)
        #expect(throws: QuotaRefusal.tooManyAtOnce(limit: 2)) { try ring.admit(account) }
        first.release()
        first.release()
        let third = try ring.admit(account)
        #expect(throws: QuotaRefusal.self) { try ring.admit(account) }
        #expect(second != nil)
        second = nil
        _ = try ring.admit(account)
        third.release()
    }

    @Test func `other keys take over at once; what a name used stays used`() throws {
        let clock = FakeClock()
        var old = Self.account("a", key: "old")
        old.requestsPerMinute = 2
        let ring = KeyRing([old, Self.account("b", key: "beta")]) { clock.instant }
        _ = try ring.admit(old)
        var new = Self.account("a", key: "new")
        new.requestsPerMinute = 2
        ring.replace(with: [new])
        #expect(ring.account(ofKey: "old".utf8) == nil)
        #expect(ring.account(ofKey: "beta".utf8) == nil)
        #expect(ring.account(ofKey: "new".utf8) == new)
        _ = try ring.admit(new)
        #expect(throws: QuotaRefusal.self) { try ring.admit(new) }
    }
}
