import Synchronization

/// What is counted of requests from the start of the server.
final class ServingMetrics: Sendable {
    /// A kind of exchange; each of its members has few values.
    struct Exchange: Sendable, Hashable {
        /// The route's template, `page`, or `none` for what no route has.
        var handler: String
        /// The method, `other` for one that no route knows, or `none` where none was read.
        var method: String
        /// The status; 499 where the client left before there was one, as nginx has it.
        var status: Int
    }

    /// All counts but the tokens'.
    struct Counts: Sendable {
        /// Answers to requests of any kind.
        var exchanges: [Exchange: Int] = [:]
        /// Errors by name.
        var failures: [String: Int] = [:]
        /// Of completions, by member.
        var models: [String: ModelMetrics] = [:]
        /// Times that settings were loaded again.
        var reloads = Reloads()
    }

    /// How loading settings again went.
    struct Reloads: Sendable {
        /// Times that all of them were taken.
        var succeeded = 0
        /// Times that some were bad, and stayed as they were.
        var failed = 0
        /// Whether all were taken the last time, or at the start.
        var isCurrent = true
    }

    /// Members that are told apart; further ones, made between others on demand, are one.
    private static let modelLimit = 64
    private static let otherModels = "other"

    private let state = Mutex(Counts())
    private let tallies = Mutex<[String: TokenTally]>([:])

    /// The counts by now.
    var counts: Counts { state.withLock { $0 } }

    /// The tokens of each member by now.
    var tokens: [String: TokenTally] { tallies.withLock { $0 } }

    /// Counts an exchange.
    func note(_ exchange: Exchange) {
        state.withLock { $0.exchanges[exchange, default: 0] += 1 }
    }

    /// Counts an error by its name.
    func noteFailure(_ code: String?) {
        state.withLock { $0.failures[code ?? "none", default: 0] += 1 }
    }

    /// Counts that settings were loaded again.
    func noteReload(succeeded: Bool) {
        state.withLock { counts in
            counts.reloads.succeeded += succeeded ? 1 : 0
            counts.reloads.failed += succeeded ? 0 : 1
            counts.reloads.isCurrent = succeeded
        }
    }

    /// Changes the counts of a member.
    func update(_ model: String, _ change: (inout ModelMetrics) -> Void) {
        state.withLock { counts in
            change(&counts.models[Self.label(model, in: counts.models), default: ModelMetrics()])
        }
    }

    /// Where tokens of a member are counted while they come.
    func tally(of model: String) -> TokenTally {
        tallies.withLock { tallies in
            let label = Self.label(model, in: tallies)
            if let tally = tallies[label] { return tally }
            let tally = TokenTally()
            tallies[label] = tally
            return tally
        }
    }

    private static func label<Value>(_ model: String, in known: [String: Value]) -> String {
        known[model] != nil || known.count < modelLimit ? model : otherModels
    }
}

/// Tokens of a member, counted as they are told, without a lock.
final class TokenTally: Sendable {
    private let promptCount = Atomic(0)
    private let generationCount = Atomic(0)
    private let reasoningCount = Atomic(0)

    /// Tokens of prompts.
    var prompt: Int { promptCount.load(ordering: .relaxed) }
    /// New tokens.
    var generation: Int { generationCount.load(ordering: .relaxed) }
    /// Those of them inside a thought.
    var reasoning: Int { reasoningCount.load(ordering: .relaxed) }

    /// Counts tokens of a prompt.
    func add(prompt count: Int) {
        promptCount.add(max(0, count), ordering: .relaxed)
    }

    /// Counts new tokens, and those of them inside a thought.
    func add(generation count: Int, reasoning: Int) {
        generationCount.add(max(0, count), ordering: .relaxed)
        reasoningCount.add(max(0, reasoning), ordering: .relaxed)
    }
}
