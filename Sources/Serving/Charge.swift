import Accounts
import Inference
import Routing

/// What a running request may cost its account, and in the end did.
///
/// The most it may take is reserved once its prompts are understood and before any of its tokens
/// is told; what it took is counted once, whoever ends it.
final class Charge: Sendable {
    private let reservation: Reservation
    private let promptTokens: Int
    private let samples: Int
    private let prices: [Price]

    /// Reserves, or throws.
    ///
    /// - Returns: nil where no account pays.
    init?(
        _ job: CompletionJob, id: String, accepted: [CompletionEvent.Accepted],
        ledger: UsageLedger?, models: [ModelDescription]
    ) throws(ServingError) {
        guard let ledger, let account = Requester.admission?.account else { return nil }
        for accepted in accepted { try Requester.check(model: accepted.model) }
        var cost = 0.0
        var tokens = 0
        for (accepted, request) in zip(accepted, job.requests) {
            var price = accepted.price ?? .perToken
            var prompt = accepted.promptTokens
            let new = accepted.effective.tokens * job.samples
            if request.policy == .escalate {
                // The second member, whichever it is, reads the prompt and what the first said.
                prompt = 2 * prompt + new
                for model in models {
                    let other = model.price ?? .perToken
                    price.prompt = max(price.prompt, other.prompt)
                    price.completion = max(price.completion, other.completion)
                }
            }
            cost += price.cost(promptTokens: prompt, completionTokens: Double(new))
            tokens += prompt + new
        }
        do {
            reservation = try ledger.reserve(
                id: id, account: account, cost: cost, tokens: tokens)
        } catch {
            throw .quota(error)
        }
        promptTokens = accepted.map(\.promptTokens).reduce(0, +)
        samples = accepted.count * job.samples
        prices = accepted.map { $0.price ?? .perToken }
    }

    /// Whose it is.
    var account: Account { reservation.account }

    /// Reserves what a higher ceiling may take.
    func raise(toTokens tokens: Int) throws(ServingError) {
        let new = min(tokens, 1 << 32) * samples
        let dearest = Price(
            prompt: prices.map(\.prompt).max() ?? 0,
            completion: prices.map(\.completion).max() ?? 0)
        do {
            try reservation.raise(
                toCost: dearest.cost(promptTokens: promptTokens, completionTokens: Double(new)),
                tokens: promptTokens + new)
        } catch {
            throw .quota(error)
        }
    }

    /// Counts what was made for a request that ends early; a request that has ended is not counted
    /// again.
    func settle(_ progress: CompletionProgress) {
        reservation.settle(progress.spending)
    }

    /// Counts what a whole answer took, and waits until that is kept: what a client has received to
    /// its end is counted, whatever happens to the server.
    func settleInStore(_ progress: CompletionProgress) async {
        await reservation.settleInStore(progress.spending)
    }
}

extension CompletionProgress {
    /// What the request took so far, a prompt after the other, as `usage` and `budget.spent` count
    /// it; without a price a million new tokens cost 1, as budgets count.
    var spending: [Spending] {
        accepted.indices.map { prompt in
            let accepted = accepted[prompt]
            let mine = choices[prompt * job.samples..<(prompt + 1) * job.samples]
            let tokens = mine.map { $0.finished?.completionTokens ?? $0.madeTokens.all }
                .reduce(0, +)
            let reasoning = mine.map { $0.finished?.reasoningTokens ?? $0.madeTokens.reasoning }
                .reduce(0, +)
            let price = accepted.price ?? .perToken
            let earlier =
                accepted.earlierCost
                ?? price.cost(promptTokens: 0, completionTokens: Double(accepted.earlierTokens))
            return Spending(
                member: accepted.model, promptTokens: accepted.promptTokens,
                reasoningTokens: reasoning, answerTokens: max(0, tokens - reasoning),
                cost: earlier
                    + price.cost(
                        promptTokens: accepted.promptTokens,
                        completionTokens: Double(max(0, tokens - accepted.earlierTokens))))
        }
    }
}
