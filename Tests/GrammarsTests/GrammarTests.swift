import Testing

@testable import Grammars

/// Laws of grammars and of the automata that read them.
@Suite struct GrammarTests {
    private static let letters = VocabularyTrie(vocabularySize: 258) { id in
        id < 256 ? [UInt8(id)] : id == 256 ? Array("ab".utf8) : []
    }

    /// `a` n times, then `b` as often.
    private static func nested() throws -> Grammar {
        var builder = GrammarBuilder()
        let rule = builder.declare()
        let close = builder.literal("b".utf8, then: builder.end)
        let inner = builder.call(rule, then: close)
        let body = builder.either([close, inner])
        builder.define(rule, as: builder.literal("a".utf8, then: body))
        return try builder.grammar(of: rule)
    }

    private static func state(_ grammar: TokenGrammar, after text: String) -> TokenGrammar.State? {
        text.utf8.reduce(Optional(grammar.start)) { state, byte in
            state.flatMap { grammar.state(after: $0, Int32(byte)) }
        }
    }

    @Test(arguments: 1..<50)
    func `rules nest, and only what they allow is read`(count: Int) throws {
        let grammar = TokenGrammar(try Self.nested(), vocabulary: Self.letters)
        let open = String(repeating: "a", count: count)
        let closed = open + String(repeating: "b", count: count)
        let end = try #require(Self.state(grammar, after: closed))
        #expect(grammar.isComplete(end))
        #expect(Self.state(grammar, after: closed + "b") == nil)
        let middle = try #require(Self.state(grammar, after: open))
        #expect(!grammar.accepts(middle))
        #expect(grammar.tokens(after: middle, room: 1000).contains(97))
        #expect(grammar.tokens(after: middle, room: count).contains(98))
        #expect(!grammar.tokens(after: middle, room: count).contains(97))
        #expect(!grammar.tokens(after: middle, room: count).contains(256) || count == 0)
        #expect(!grammar.tokens(after: middle, room: 1000).contains(257))
    }

    @Test func `depth is bounded, and whoever reaches the bound can still end`() throws {
        let grammar = TokenGrammar(try Self.nested(), vocabulary: Self.letters)
        var state = grammar.start
        var depth = 0
        while grammar.tokens(after: state, room: .max).contains(97) {
            state = try #require(grammar.state(after: state, 97))
            depth += 1
        }
        #expect((50...100).contains(depth))
        for _ in 0..<depth {
            #expect(grammar.tokens(after: state, room: .max).contains(98))
            state = try #require(grammar.state(after: state, 98))
        }
        #expect(grammar.isComplete(state))
    }

    @Test func `a grammar without an end is none`() {
        var builder = GrammarBuilder()
        let rule = builder.declare()
        builder.define(
            rule, as: builder.literal("a".utf8, then: builder.call(rule, then: builder.end)))
        #expect(throws: Grammar.Failure.endless) { try builder.grammar(of: rule) }
    }

    @Test func `a text too long to be ever written is no text, however it is nested`() {
        var builder = GrammarBuilder()
        var rule = builder.declare()
        builder.define(rule, as: builder.literal("a".utf8, then: builder.end))
        for _ in 0..<6 {
            // Fewest bytes grow by 4,096 a level, beyond what 64 bits hold.
            let outer = builder.declare()
            let place = (0..<4096).reduce(builder.end) { next, _ in
                builder.call(rule, then: next)
            }
            builder.define(outer, as: place)
            rule = outer
        }
        #expect(throws: Grammar.Failure.endless) { try builder.grammar(of: rule) }
    }

    @Test func `a byte that is no token comes within longer ones only, and never strands a text`()
        throws
    {
        // Behind "a" an end that needs a lone 0xF1, or one that does not.
        let words =
            (UInt8.min...UInt8.max).map { $0 == 0xF1 ? [] : [$0] } + [[0x61, 0xF1], [0xF1, 0x80]]
        let vocabulary = VocabularyTrie(vocabularySize: words.count) { words[Int($0)] }
        var builder = GrammarBuilder()
        let rule = builder.declare()
        let rare = builder.literal([0xF1, 0x80], then: builder.end)
        let stuck = builder.literal([0x62, 0xF1], then: builder.end)
        let plain = builder.literal("c".utf8, then: builder.end)
        builder.define(
            rule, as: builder.byte(of: "a".utf8, then: builder.either([rare, stuck, plain])))
        let grammar = TokenGrammar(
            try builder.grammar(of: rule).spelled(with: vocabulary), vocabulary: vocabulary)
        let first = grammar.tokens(after: grammar.start, room: 100)
        #expect(first.contains(0x61) && first.contains(256))
        let middle = try #require(grammar.state(after: grammar.start, 0x61))
        let next = grammar.tokens(after: middle, room: 100)
        #expect(next.contains(257) && next.contains(0x63) && !next.contains(0x62))
        let only = builder.declare()
        builder.define(only, as: stuck)
        #expect(throws: Grammar.Failure.endless) {
            try builder.grammar(of: only).spelled(with: vocabulary)
        }
    }

    @Test func `equal grammars are equal, others are not`() throws {
        #expect(try Self.nested() == Self.nested())
        #expect(try Self.nested().hashValue == Self.nested().hashValue)
        var builder = GrammarBuilder()
        let rule = builder.declare()
        builder.define(rule, as: builder.literal("a".utf8, then: builder.end))
        #expect(try builder.grammar(of: rule) != Self.nested())
    }

    @Test func `a walk over the trie meets every token once`() {
        let words = ["a", "ab", "abc", "b", "ba", "", "ab", "é"].map { Array($0.utf8) }
        let trie = VocabularyTrie(vocabularySize: words.count) { words[Int($0)] }
        #expect(trie.ids.sorted() == [0, 1, 2, 3, 4, 6, 7])
        #expect(trie.missingByte == 0x0A)
        #expect(Self.letters.missingByte == nil)
        for (index, node) in trie.nodes.enumerated() {
            #expect(Int(node.end) > index && Int(node.end) <= trie.nodes.count)
        }
    }
}
