import Checkpoints
import Foundation
import Kernels
import Models
import Tokenization

/// How well a checkpoint, as it is kept in memory, foretells a text.
///
/// The text is cut into windows that start from nothing; every token of a window but its first is
/// foretold from those before it.
public struct Perplexity {
    /// What one run found, token by token.
    public struct Result: Sendable {
        /// Natural-log probability of each token that was foretold, in order.
        public var logLikelihoods: [Float] = []
        /// The likeliest id in each of those places.
        public var choices: [Int32] = []

        /// e to the mean of the negative log-likelihoods; NaN where nothing was foretold.
        public var perplexity: Double {
            exp(-logLikelihoods.reduce(0) { $0 + Double($1) } / Double(logLikelihoods.count))
        }

        /// The share of places in which another run over the same text prefers the same token.
        public func agreement(with other: Result) -> Double {
            precondition(choices.count == other.choices.count, "runs over different texts")
            let equal = zip(choices, other.choices).count { $0 == $1 }
            return Double(equal) / Double(choices.count)
        }
    }

    private let model: Transformer
    private let tokenizer: Tokenizer
    private let kernels: KernelContext
    /// Rows of logits that are held at once.
    private static let rowCount = 64

    /// Loads a checkpoint.
    ///
    /// - Parameters:
    ///   - path: Where it lies.
    ///   - options: How to load it.
    /// - Throws: `ModelLoadingError` naming what is wrong.
    public init(path: String, options: LoadOptions) throws(ModelLoadingError) {
        let source = try ModelSource(path: path)
        let pool = try options.pool()
        tokenizer = source.text.tokenizer
        do {
            model = try Transformer.load(
                source.checkpoint, pool: pool,
                options: options.model(for: source.inspection, shareCount: 1))
            kernels = try KernelContext(pool: pool)
        } catch {
            throw .checkpoint("\(error)")
        }
    }

    /// Foretells a text.
    ///
    /// - Parameters:
    ///   - text: At least two tokens of it.
    ///   - window: Tokens of a window, at least 2; the model's context where that is shorter.
    ///   - limit: Tokens to read at most.
    /// - Returns: Every foretold token's likelihood.
    public func run(over text: String, window: Int, limit: Int) -> Result {
        let ids = tokenizer.encode(text, addSpecialTokens: false, parseSpecial: false).prefix(limit)
        let window = min(window, model.contextLength, model.pageCount * model.pageSize)
        var result = Result()
        for start in stride(from: ids.startIndex, to: ids.endIndex - 1, by: window) {
            read(Array(ids[start..<min(start + window, ids.endIndex)]), into: &result)
        }
        return result
    }

    private func read(_ ids: [Int32], into result: inout Result) {
        let pages = (0..<Int32((ids.count + model.pageSize - 1) / model.pageSize)).map { $0 }
        let row = FloatMatrix(rows: 1, columns: model.vocabularySize)
        for start in stride(from: 0, to: ids.count - 1, by: Self.rowCount) {
            let end = min(start + Self.rowCount, ids.count - 1)
            let logits = model.forward(
                ForwardBatch(items: [
                    .init(
                        tokens: Array(ids[start..<end]), position: start, blockTable: pages,
                        logitRows: .all)
                ]))
            for position in start..<end {
                row.setRow(0, to: logits.row(position - start))
                let next = Int(ids[position + 1])
                result.logLikelihoods.append(row[0, next] - kernels.logSumExp(row, row: 0))
                result.choices.append(Int32(kernels.argmax(row, row: 0)))
            }
        }
    }
}
