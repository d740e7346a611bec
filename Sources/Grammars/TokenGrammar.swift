import Synchronization

/// Which tokens of a vocabulary may come next so that the text is one of a grammar's.
///
/// Sequences under the same grammar share it: what one has worked out the others find. A set of
/// tokens is worked out by one walk over the vocabulary and remembered by state, so most draws
/// cost a look-up.
public final class TokenGrammar: Sendable {
    /// Where a text is in the grammar.
    public struct State: Sendable, Equatable {
        fileprivate let id: Int32
    }

    /// The tokens that may follow a state.
    private struct Choice {
        var tokens: TokenSet
        /// The most bytes that an end takes behind any of them, the token's own not counted.
        var mostToEnd: Int
    }

    private struct Work {
        var machine: GrammarMachine
        var choices: [Int32: Choice] = [:]
        /// States along the path from the trie's root.
        var path: [Int32]
    }

    private let vocabulary: VocabularyTrie
    private let work: Mutex<Work>
    /// Where texts begin.
    public let start: State
    /// The fewest tokens of a whole text, at most: its shortest in bytes, a token a byte.
    public let leastTokens: Int

    /// Sets that are remembered at a time.
    private static let choiceLimit = 512
    /// States above which new requests begin afresh.
    private static let stateLimit = 100_000

    /// A grammar over a vocabulary.
    ///
    /// - Precondition: `vocabulary.missingByte` is nil and the grammar is `spelled(with:)` it, else
    ///   texts may get stuck.
    public init(_ grammar: Grammar, vocabulary: VocabularyTrie) {
        precondition(vocabulary.missingByte == nil, "a vocabulary without every byte")
        let machine = GrammarMachine(grammar)
        self.vocabulary = vocabulary
        start = State(id: machine.start)
        leastTokens = grammar.leastBytes
        work = Mutex(
            Work(
                machine: machine, path: Array(repeating: 0, count: vocabulary.height + 1)))
    }

    /// Whether so much was worked out that it is time to forget it.
    public var isWornOut: Bool {
        work.withLock { $0.machine.stateCount > Self.stateLimit }
    }

    /// Whether the text may end.
    public func accepts(_ state: State) -> Bool {
        work.withLock { $0.machine.accepts(state.id) }
    }

    /// Whether the text has to end.
    public func isComplete(_ state: State) -> Bool {
        work.withLock { $0.machine.isComplete(state.id) }
    }

    /// The tokens that may come next, each with a text that can be finished behind it.
    ///
    /// Never empty unless the text is complete.
    ///
    /// - Parameters:
    ///   - state: Where the text is.
    ///   - room: New tokens that may come, this one included. Where the text can still be finished
    ///     within that, only tokens that leave it so are in the set.
    /// - Returns: The tokens.
    public func tokens(after state: State, room: Int) -> TokenSet {
        work.withLock { work in
            let choice: Choice
            if let known = work.choices[state.id] {
                choice = known
            } else {
                choice = walk(&work, from: state.id, mostToEnd: GrammarMachine.farthest)
                if work.choices.count >= Self.choiceLimit { work.choices = [:] }
                work.choices[state.id] = choice
            }
            guard choice.mostToEnd > room - 1, work.machine.least(state.id) <= room else {
                return choice.tokens
            }
            return walk(&work, from: state.id, mostToEnd: room - 1).tokens
        }
    }

    /// Where the text is behind a token; `nil` if the grammar has no such text.
    public func state(after state: State, _ token: Int32) -> State? {
        let bytes = vocabulary.bytes(of: token)
        guard !bytes.isEmpty else { return nil }
        return work.withLock { work in
            var id = state.id
            for byte in bytes {
                id = work.machine.step(id, byte)
                guard id != GrammarMachine.dead else { return nil }
            }
            return State(id: id)
        }
    }

    /// Walks over the vocabulary and leaves out what lies below a byte that cannot come.
    private func walk(_ work: inout Work, from state: Int32, mostToEnd limit: Int) -> Choice {
        var choice = Choice(
            tokens: TokenSet(vocabularySize: vocabulary.vocabularySize), mostToEnd: 0)
        work.path[0] = state
        var index = 0
        while index < vocabulary.nodes.count {
            let node = vocabulary.nodes[index]
            let depth = Int(node.depth)
            let next = work.machine.step(work.path[depth - 1], node.byte)
            guard next != GrammarMachine.dead else {
                index = Int(node.end)
                continue
            }
            work.path[depth] = next
            index += 1
            guard !node.tokens.isEmpty else { continue }
            let least = work.machine.least(next)
            guard least <= limit else { continue }
            choice.mostToEnd = max(choice.mostToEnd, least)
            for position in node.tokens { choice.tokens.insert(vocabulary.ids[Int(position)]) }
        }
        return choice
    }
}
