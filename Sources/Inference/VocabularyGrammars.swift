import Grammars
import Synchronization
import Tokenization

/// The grammars that were asked for, over one model's tokens.
///
/// The tokens are sorted when the first grammar is asked for. What a grammar has worked out stays
/// for later requests with the same one.
final class VocabularyGrammars: Sendable {
    private struct State {
        var vocabulary: VocabularyTrie?
        var grammars: [Grammar: TokenGrammar] = [:]
        /// The grammars, the longest unused first.
        var order: [Grammar] = []
    }

    /// Grammars that are kept at a time.
    private static let limit = 32

    private let tokenizer: Tokenizer
    private let vocabularySize: Int
    private let state = Mutex(State())

    /// No grammars yet.
    init(_ tokenizer: Tokenizer, vocabularySize: Int) {
        self.tokenizer = tokenizer
        self.vocabularySize = vocabularySize
    }

    /// A grammar over these tokens.
    ///
    /// - Throws: `InferenceError.invalidRequest` where the tokens cannot spell every text.
    func grammar(_ grammar: Grammar) throws(InferenceError) -> TokenGrammar {
        try state.withLock { state throws(InferenceError) in
            let vocabulary = state.vocabulary ?? sortedTokens()
            state.vocabulary = vocabulary
            if let byte = vocabulary.missingByte {
                throw .invalidRequest(
                    field: "response_format",
                    message: "this model cannot keep to a form: it has no token for byte \(byte)")
            }
            state.order.removeAll { $0 == grammar }
            state.order.append(grammar)
            if let known = state.grammars[grammar], !known.isWornOut { return known }
            guard let spelled = try? grammar.spelled(with: vocabulary) else {
                throw .invalidRequest(
                    field: "response_format",
                    message: "this model has no tokens for some of the characters it asks for")
            }
            let made = TokenGrammar(spelled, vocabulary: vocabulary)
            state.grammars[grammar] = made
            if state.order.count > Self.limit {
                state.grammars.removeValue(forKey: state.order.removeFirst())
            }
            return made
        }
    }

    /// Added tokens are the marks of turns and thoughts: no text is spelt with them.
    private func sortedTokens() -> VocabularyTrie {
        let added = Set(tokenizer.addedTokens.map(\.id))
        return VocabularyTrie(vocabularySize: vocabularySize) { id in
            added.contains(id) || tokenizer.isSpecial(id) ? [] : tokenizer.bytes(of: id)
        }
    }
}
