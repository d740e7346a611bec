/// Guesses how a sequence goes on: as it went on where its last tokens stood before.
///
/// Pairs of tokens are chained from each to the one before, as LZ77 coders chain what they have
/// seen. Of the latest few places the one is taken whose past agrees longest with the present. What
/// is copied may run into itself, so that a loop is foretold for as long as one likes.
struct PromptLookup: Sendable {
    /// What is guessed, and how many tokens the two places have in common.
    struct Guess: Sendable, Equatable {
        var tokens: [Int32]
        var match: Int
    }

    /// Places that are compared at most.
    static let places = 8
    /// Tokens that are compared at most.
    static let longestMatch = 16

    /// By a pair of ids, where its second token was met last.
    private var latest: [UInt64: Int32] = [:]
    /// By position, where the pair that ends there was met before; negative if nowhere.
    private var earlier: [Int32] = []

    /// Takes in what was added to a sequence since the last call.
    mutating func extend(to tokens: [Int32]) {
        if earlier.isEmpty, !tokens.isEmpty { earlier.append(-1) }
        for position in earlier.count..<max(tokens.count, earlier.count) {
            let first = UInt64(UInt32(bitPattern: tokens[position - 1]))
            let pair = first << 32 | UInt64(UInt32(bitPattern: tokens[position]))
            earlier.append(latest.updateValue(Int32(position), forKey: pair) ?? -1)
        }
    }

    /// What may follow `tokens`, all of which were taken in.
    ///
    /// - Parameters:
    ///   - tokens: The sequence so far.
    ///   - count: How many tokens to guess.
    /// - Returns: As many; `nil` where the last pair was never met before.
    func guess(after tokens: [Int32], count: Int) -> Guess? {
        precondition(tokens.count == earlier.count)
        guard count > 0, let end = tokens.indices.last else { return nil }
        var (best, longest) = (-1, 1)
        var place = Int(earlier[end])
        var tried = 0
        while place >= 0, tried < Self.places, longest < Self.longestMatch {
            var match = 2
            while match < Self.longestMatch, match <= place,
                tokens[place - match] == tokens[end - match]
            { match += 1 }
            if match > longest { (best, longest) = (place, match) }
            place = Int(earlier[place])
            tried += 1
        }
        guard best >= 0 else { return nil }
        var guess: [Int32] = []
        guess.reserveCapacity(count)
        for offset in 0..<count {
            let source = best + 1 + offset
            guess.append(source < tokens.count ? tokens[source] : guess[source - tokens.count])
        }
        return Guess(tokens: guess, match: longest)
    }
}
