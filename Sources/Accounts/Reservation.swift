import Synchronization

/// What a running request may take, until it is settled.
///
/// Dropped without an end it is given back, and nothing is counted.
public final class Reservation: Sendable {
    private struct State {
        var held: UsageLedger.Totals
        var isOpen = true
    }

    /// Whose request it is.
    public let account: Account
    private let id: String
    private let ledger: UsageLedger
    private let state: Mutex<State>

    init(id: String, account: Account, ledger: UsageLedger, cost: Double, tokens: Int) {
        self.id = id
        self.account = account
        self.ledger = ledger
        state = Mutex(State(held: UsageLedger.Totals(cost: cost, tokens: Double(tokens))))
    }

    deinit {
        if let held = close() { ledger.release(held, of: account.name) }
    }

    /// Reserves more, for a request whose ceilings were raised.
    ///
    /// - Parameters:
    ///   - cost: The most it may cost in all.
    ///   - tokens: The most tokens it may take in all.
    /// - Throws: `QuotaRefusal` where a quota does not hold it; what was reserved stays.
    public func raise(toCost cost: Double, tokens: Int) throws(QuotaRefusal) {
        try state.withLock { state throws(QuotaRefusal) in
            guard state.isOpen else { return }
            let more = UsageLedger.Totals(
                cost: max(0, cost - state.held.cost),
                tokens: max(0, Double(tokens) - state.held.tokens))
            guard more.cost > 0 || more.tokens > 0 else { return }
            try ledger.hold(account, more)
            state.held.cost += more.cost
            state.held.tokens += more.tokens
        }
    }

    /// Counts what the request took; a second time does nothing.
    ///
    /// - Parameter spending: By member, the request itself counting with the first.
    public func settle(_ spending: [Spending]) {
        guard let held = close() else { return }
        ledger.settle(settlement(spending), reserved: held)
    }

    /// Counts what the request took and returns once that is in the store, or the store fails.
    ///
    /// - Parameter spending: As in `settle`.
    public func settleInStore(_ spending: [Spending]) async {
        guard let held = close() else { return }
        await withCheckedContinuation { continuation in
            ledger.settle(settlement(spending), reserved: held, waiter: continuation)
        }
    }

    private func settlement(_ spending: [Spending]) -> Settlement {
        Settlement(
            id: id, account: account.name, hour: UsageLedger.hour(of: ledger.now()),
            spending: spending)
    }

    /// Ends it; nil where it has ended already.
    private func close() -> UsageLedger.Totals? {
        state.withLock { state in
            guard state.isOpen else { return nil }
            state.isOpen = false
            return state.held
        }
    }
}
