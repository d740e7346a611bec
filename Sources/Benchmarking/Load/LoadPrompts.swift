import Evaluation
import Foundation
import Tokenization

/// What the requests of a load ask.
public enum LoadPrompts: Sendable {
    /// So many words drawn from a seed, no two requests alike. Most tokenizers of English have
    /// each word as one token; a server's `usage` says how many there were.
    case synthetic(words: Int, seed: UInt64)
    /// Objects of a file in turn, from the beginning again after the last.
    case listed([Item])

    /// A line of a file.
    public struct Item: Sendable, Equatable {
        /// Text to go on from, or the list of messages.
        let content: TemplateValue
        /// The line's own ceiling.
        let maximumTokens: Int?

        var text: String? { if case .string(let text) = content { text } else { nil } }
    }

    /// Reads JSON lines with `prompt` (or `question`), or `messages`, and perhaps `max_tokens`.
    ///
    /// - Parameter path: Where the file lies.
    /// - Throws: `BenchmarkError.file` naming the line.
    public init(path: String) throws(BenchmarkError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: "cannot be read")
        }
        var items: [Item] = []
        for (index, line) in data.split(separator: 0x0A).enumerated() {
            let fail = { (reason: String) in
                BenchmarkError.file(path: path, reason: "line \(index + 1): \(reason)")
            }
            guard let value = try? TemplateValue(json: Array(line)) else {
                throw fail("expected one JSON object a line")
            }
            let content = [value["prompt"], value["question"]].compactMap(\.self).first {
                if case .string(let text) = $0 { !text.isEmpty } else { false }
            }
            var messages: TemplateValue?
            if case .array(let list) = value["messages"], !list.isEmpty {
                messages = value["messages"]
            }
            guard let content = content ?? messages else {
                throw fail("expected prompt, question or messages that are not empty")
            }
            var ceiling: Int?
            if let field = value["max_tokens"] {
                guard case .integer(let count) = field, count > 0 else {
                    throw fail("expected max_tokens of at least 1")
                }
                ceiling = count
            }
            items.append(Item(content: content, maximumTokens: ceiling))
        }
        guard !items.isEmpty else { throw .file(path: path, reason: "no lines") }
        self = .listed(items)
    }

    /// What request `index` asks.
    func item(_ index: Int, purpose: String) -> Item {
        switch self {
        case .listed(let items): return items[index % items.count]
        case .synthetic(let words, let seed):
            var random = RandomSource(seed: seed, purpose: purpose, index: UInt64(index))
            let text = (0..<words).map { _ in random.element(of: Self.words) }
            return Item(content: .string(text.joined(separator: " ")), maximumTokens: nil)
        }
    }

    /// Short words that are one token, blank included, in the vocabularies of Llama, Qwen and GPT.
    private static let words = """
        time year people way day man thing woman life child world school state family student \
        group country problem hand part place case week company system program question work \
        government number night point home water room mother area money story fact month lot \
        right study book eye job word business issue side kind head house service friend father \
        power hour game line end member law car city community name president team minute idea
        """.split(separator: " ").map(String.init)
}
