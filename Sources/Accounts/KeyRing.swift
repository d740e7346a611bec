import Synchronization

/// The keys that open the API, and how many requests each of them makes.
///
/// Accounts can be replaced while requests run: those go on as they began, and what an account has
/// used of its limits stays with its name.
public final class KeyRing: Sendable {
    /// What an account does now.
    private struct Activity {
        /// Requests that may be made at once, which fill up over a minute.
        var allowance: Double
        var filledAt: ContinuousClock.Instant
        var running = 0
    }

    private struct State {
        var accounts: [Account]
        var activity: [String: Activity] = [:]
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> ContinuousClock.Instant

    /// A ring of keys.
    ///
    /// - Parameters:
    ///   - accounts: Whose they are.
    ///   - now: The clock that minutes are counted by, which nobody can set back.
    public init(
        _ accounts: [Account],
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        state = Mutex(State(accounts: accounts))
        self.now = now
    }

    /// The accounts by now.
    public var accounts: [Account] { state.withLock { $0.accounts } }

    /// Puts other accounts in the place of all.
    ///
    /// - Parameter accounts: Whose keys open from now on.
    public func replace(with accounts: [Account]) {
        let names = Set(accounts.map(\.name))
        state.withLock { state in
            state.accounts = accounts
            // Who has requests under way is still counted down.
            state.activity = state.activity.filter {
                names.contains($0.key) || $0.value.running > 0
            }
        }
    }

    /// Whose a key is.
    ///
    /// Every digest is compared, each in a time that does not depend on its bytes.
    ///
    /// - Parameter key: The key as it was sent.
    /// - Returns: Its account; nil where it opens nothing.
    public func account(ofKey key: some Collection<UInt8>) -> Account? {
        let digest = KeyDigest(of: key)
        var found: Account?
        for account in accounts where account.digest.matches(digest) { found = account }
        return found
    }

    /// Counts a request.
    ///
    /// - Parameter account: Whose it is.
    /// - Returns: What the request holds until it has ended.
    /// - Throws: `QuotaRefusal` when it is one too many; it is not counted then.
    public func admit(_ account: Account) throws(QuotaRefusal) -> Admission {
        let now = now()
        let rate = try state.withLock { state throws(QuotaRefusal) -> Admission.Rate? in
            let limit = account.requestsPerMinute.map(Double.init)
            var activity =
                state.activity[account.name]
                ?? Activity(allowance: limit ?? 0, filledAt: now)
            if let limit {
                let seconds = activity.filledAt.duration(to: now) / .seconds(1)
                activity.allowance = min(limit, activity.allowance + max(0, seconds) * limit / 60)
            }
            activity.filledAt = now
            defer { state.activity[account.name] = activity }
            if let most = account.concurrency, activity.running >= most {
                throw .tooManyAtOnce(limit: most)
            }
            guard let limit else {
                activity.running += 1
                return nil
            }
            // Who waited to the nanosecond is not sent away for a rounding error.
            guard activity.allowance >= 1 - 1e-4 else {
                throw .tooManyRequests(
                    limit: Int(limit), seconds: (1 - activity.allowance) * 60 / limit)
            }
            activity.allowance = max(0, activity.allowance - 1)
            activity.running += 1
            return Admission.Rate(
                limit: Int(limit), remaining: Int(activity.allowance),
                secondsToReset: (limit - activity.allowance) * 60 / limit)
        }
        return Admission(account: account, rate: rate, ring: self)
    }

    /// One request of an account has ended.
    func release(_ name: String) {
        state.withLock { $0.activity[name]?.running -= 1 }
    }
}

/// A request that an account was allowed to make, counted as running until it is released.
public final class Admission: Sendable {
    /// Where the account stands with its requests per minute.
    public struct Rate: Sendable, Equatable {
        /// Requests per minute.
        public let limit: Int
        /// Those it can make at once, this one taken off.
        public let remaining: Int
        /// Seconds until it can make `limit` at once.
        public let secondsToReset: Double
    }

    /// Whose it is, as the file said when it came.
    public let account: Account
    /// Nil where the account has no such limit.
    public let rate: Rate?
    private let ring: KeyRing
    private let isHeld = Atomic(true)

    init(account: Account, rate: Rate?, ring: KeyRing) {
        self.account = account
        self.rate = rate
        self.ring = ring
    }

    deinit { release() }

    /// The request has ended; a second time does nothing.
    public func release() {
        if isHeld.exchange(false, ordering: .relaxed) { ring.release(account.name) }
    }
}
