/// Guessed tokens: what a step computes besides those that are known.
///
///     known tokens          | guesses
///     [0, computed) pending | g0 g1 g2        rows of logits come back for pending and guesses
///                       row 0: draw == g0 -> g0's keys and values are right, row 1: draw == g1 -> ...
///
/// Each row is drawn from as if it had come alone, by the position's own random number and with the
/// history, mask and ceilings of that position, and the first draw that is not the guess is the
/// last: so what is drawn is the same as without guesses, whatever they are.
extension Scheduler {
    /// Makes guesses for the next step.
    ///
    /// None are made while prompts are computed: such a step has no arithmetic to spare.
    mutating func draft() {
        let longest = configuration.speculation.longest
        let room = min(configuration.tokensPerStep - running.count, Speculation.rowsPerStep)
        guard longest > 0, room > 0, running.allSatisfy({ $0.outputCount > 0 }) else { return }
        let offers = running.indices.map { offer(at: $0, longest: longest) }
        var counts = offers.map(\.count)
        if configuration.speculation == .automatic {
            counts = drafting.counts(offers, sequences: running.count, room: room)
        } else {
            var left = room
            for index in counts.indices {
                counts[index] = min(counts[index], left)
                left -= counts[index]
            }
        }
        for index in running.indices { running[index].draft.limit(to: counts[index]) }
    }

    /// What could be guessed for one sequence.
    private mutating func offer(at index: Int, longest: Int) -> DraftPolicy.Offer {
        // The last new token is never computed, so no page is kept for it.
        let room = running[index].request.maximumTokens - running[index].outputCount - 1
        let forced = running[index].forcedTokens
        if !forced.isEmpty {
            running[index].draft.guess = Array(forced.prefix(min(longest, room)))
            running[index].draft.match = nil
            return DraftPolicy.Offer(count: running[index].draft.guess.count, chance: 1)
        }
        let tokens = running[index].tokens
        running[index].draft.lookup.extend(to: tokens)
        guard
            let guess = running[index].draft.lookup.guess(after: tokens, count: min(longest, room))
        else { return DraftPolicy.Offer(count: 0, chance: 0) }
        running[index].draft.guess = guess.tokens
        running[index].draft.match = guess.match
        return DraftPolicy.Offer(
            count: guess.tokens.count,
            chance: running[index].draft.chance(prior: drafting.chance(match: guess.match)))
    }

    /// Takes a guess whose place was drawn: what was computed for it is right if the draw is it.
    ///
    /// - Returns: Whether it is.
    mutating func accept(_ guess: Int32, at index: Int) -> Bool {
        guard running[index].tokens.last == guess else { return false }
        advance(index, by: 1)
        return true
    }

    /// Forgets a sequence's guesses, learns from them, and gives back the pages that held wrong ones.
    mutating func settleDraft(at index: Int, accepted: Int) {
        let draft = running[index].draft
        statistics.drafts += 1
        statistics.draftTokens += draft.guess.count
        statistics.draftTokensAccepted += accepted
        if let match = draft.match, running[index].finishReason == nil {
            drafting.note(match: match, guessed: draft.guess.count, right: accepted)
        }
        running[index].draft.settle(accepted: accepted)
        let computed = running[index].computedCount
        let kept = (computed + limits.pageSize - 1) / limits.pageSize
        while running[index].blockTable.count > kept {
            pool.giveBack(running[index].blockTable.removeLast())
            running[index].reservedCount += 1
        }
    }
}

/// The guesses of one sequence.
struct Draft: Sendable {
    /// Of how many guesses the sequence's own record weighs as much as everybody's.
    private static let priorWeight = 4.0

    /// Where its tokens stood before.
    var lookup = PromptLookup()
    /// What is guessed to follow in the coming step.
    var guess: [Int32] = []
    /// Tokens that matched; `nil` where the guess is none but known.
    var match: Int?
    /// Guesses so far, and those of them that were right.
    private(set) var (all, right) = (0, 0)
    /// The same, the latest counting most; only those whose predecessors were right.
    private var (recent, recentRight) = (0.0, 0.0)

    /// Drops all guesses but the first few.
    mutating func limit(to count: Int) {
        guard count < guess.count else { return }
        guess.removeLast(guess.count - count)
        // Long ago is forgotten, so that a sequence that begins to repeat itself is believed.
        if count == 0 { (recent, recentRight) = (recent * 0.98, recentRight * 0.98) }
    }

    /// The chance that a guess is right.
    ///
    /// - Parameter prior: That of all sequences.
    /// - Returns: In [0, 1].
    func chance(prior: Double) -> Double {
        (recentRight + Self.priorWeight * prior) / (recent + Self.priorWeight)
    }

    /// Notes how many guesses were right and forgets them.
    mutating func settle(accepted: Int) {
        all += guess.count
        right += accepted
        if match != nil {
            let judged = Double(min(accepted + 1, guess.count))
            recent = recent * 0.9 + judged
            recentRight = recentRight * 0.9 + Double(accepted)
        }
        guess.removeAll(keepingCapacity: true)
    }
}
