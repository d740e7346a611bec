/// How many guessed tokens a step is given.
///
/// A step of `n` sequences draws `n` tokens in `T(n)` seconds. With `d` guesses for one of them,
/// each right with the chance `a`, it draws `n + a + a^2 + … + a^d` in `T(n + d)`: guesses are given
/// while that makes more tokens a second. Where arithmetic bounds the step, `T` grows as the tokens
/// do and no guess is worth its place; where memory does, more rows cost next to nothing.
struct DraftPolicy: Sendable {
    /// Guesses that could be made for one sequence.
    struct Offer: Sendable, Equatable {
        var count: Int
        /// The chance that a guess is right where those before it were.
        var chance: Double
    }

    /// Of how many steps without a guess, though there were some to make, one has some after all:
    /// what they cost and how often they are right may have changed.
    static let trialInterval = 256
    /// Of how many steps with guesses one has none, which tells what that takes.
    static let restInterval = 64
    /// Tokens that guesses must promise for one that their time would draw without them.
    ///
    /// Chances and costs are estimates, and it is the flattering ones that make a guess; where
    /// guessing pays at all it pays much more.
    private static let leastReturn = 2.0

    /// What steps took.
    var cost = StepCost()
    /// By the tokens that matched, the chance that a guess was right.
    private var chances = [Double](repeating: 0.3, count: PromptLookup.longestMatch + 1)
    private var (declined, trials, taken) = (0, 0, 0)

    /// How often guesses were right behind a match of so many tokens.
    func chance(match: Int) -> Double {
        chances[min(match, PromptLookup.longestMatch)]
    }

    /// Learns from one sequence's guesses.
    mutating func note(match: Int, guessed: Int, right: Int) {
        let bucket = min(match, PromptLookup.longestMatch)
        for guess in 0..<min(right + 1, guessed) {
            chances[bucket] += ((guess < right ? 1 : 0) - chances[bucket]) / 32
        }
    }

    /// How many of the guesses on offer are made.
    ///
    /// - Parameters:
    ///   - offers: What could be guessed, one for each sequence.
    ///   - sequences: Sequences of the step, each with one token of its own.
    ///   - room: Guesses that the step has room for.
    /// - Returns: A count for each offer.
    mutating func counts(_ offers: [Offer], sequences: Int, room: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: offers.count)
        guard let plain = cost.seconds(tokens: sequences, base: sequences),
            offers.contains(where: { $0.count > 0 }), room > 0
        else { return counts }
        var (rows, tokens, seconds) = (sequences, Double(sequences), plain)
        for (index, offer) in offers.enumerated() {
            var (gain, likely) = (0.0, 1.0)
            var best = tokens / seconds
            var chosen = (gain: 0.0, seconds: seconds)
            for count in 1...max(min(offer.count, room - (rows - sequences)), 1)
            where count <= offer.count && rows + count - sequences <= room {
                likely *= offer.chance
                gain += likely
                guard let with = cost.seconds(tokens: rows + count, base: sequences),
                    (tokens + gain) / with > best,
                    gain * seconds > Self.leastReturn * (with - seconds) * tokens
                else { continue }
                best = (tokens + gain) / with
                chosen = (gain, with)
                counts[index] = count
            }
            rows += counts[index]
            tokens += chosen.gain
            seconds = chosen.seconds
        }
        if rows > sequences {
            taken += 1
            if taken % Self.restInterval == 0 { return counts.map { _ in 0 } }
        } else {
            declined += 1
            if declined % Self.trialInterval == 0 {
                trials += 1
                let index = offers.indices.first { offers[$0].count > 0 } ?? 0
                counts[index] = min(offers[index].count, 1 + trials % 4, room)
            }
        }
        return counts
    }
}
