public import Kernels
public import Models

/// What a pass cannot do without: bytes that come from or go to memory, and operations.
public struct DecoderWork: Sendable, Equatable {
    /// Bytes read and written.
    public var byteCount = 0
    /// Multiplications and additions of products with weights; a multiply-add is two.
    public var productOperationCount = 0
    /// Those of attention, which are always of f32.
    public var attentionOperationCount = 0

    /// Multiplications and additions in all.
    public var operationCount: Int { productOperationCount + attentionOperationCount }

    static func += (sum: inout DecoderWork, other: DecoderWork) {
        sum.byteCount += other.byteCount
        sum.productOperationCount += other.productOperationCount
        sum.attentionOperationCount += other.attentionOperationCount
    }
}

/// The shape and the stored types of a decoder, from which its work is counted.
///
/// **Bytes** of a pass: the weights of all layers and norms, once, however many sequences share the
/// pass; the output head, once, where a logit is wanted; of each sequence the keys and values that
/// its new tokens look back on, read once in each layer, and those of the new tokens, written once.
/// Everything else (activations, one embedding row a token, logits) stays in caches or is small.
///
/// **Operations**, with `h` hidden, `q` the width of all query heads, `k` that of all key heads,
/// `f` the feed-forward width and `a` the tokens that a token attends to, itself included:
///
///     a token in a layer     2·h·2k  keys and values
///                          + 2·h·2q  queries and output projection
///                          + 2·h·3f  gate, up and down
///                          + 4·q·a   scores, and their sums of values
///     a wanted logit row     2·h·vocabulary
///
/// Nothing reads the last layer's rows of which no logits are wanted: of them it makes keys and
/// values only. Norms, rotations and softmax are left out: all together below one in a hundred.
public struct DecoderShape: Sendable {
    /// Rows, columns, heads and windows.
    public let config: ModelConfig
    /// Bytes in memory of all layers and norms.
    public let layerByteCount: Int
    /// Bytes in memory of the output head.
    public let outputByteCount: Int
    /// What keys and values are kept as.
    public let keyValueType: ElementType

    /// The shape of a checkpoint that is loaded so.
    ///
    /// - Parameters:
    ///   - inspection: The checkpoint.
    ///   - weights: What matrices are kept as.
    ///   - keyValueType: What keys and values are kept as.
    public init(_ inspection: ModelInspection, weights: WeightFormat, keyValueType: ElementType) {
        config = inspection.config
        layerByteCount = inspection.layerByteCount(as: weights)
        outputByteCount = inspection.outputByteCount(as: weights)
        self.keyValueType = keyValueType
    }

    /// Bytes of weights that every step reads.
    public var stepWeightByteCount: Int { layerByteCount + outputByteCount }

    /// The mean work of a step among `steps` that each decode one token of every sequence.
    ///
    /// - Parameters:
    ///   - context: Tokens cached before the first step.
    ///   - batch: Sequences decoded at once.
    ///   - steps: At least 1.
    /// - Returns: The work of the whole batch.
    public func decoding(context: Int, batch: Int, steps: Int = 1) -> DecoderWork {
        var sum = DecoderWork()
        for step in 0..<steps {
            sum += sequence(rows: context + step..<context + step + 1, wantsLast: true)
        }
        return DecoderWork(
            byteCount: sum.byteCount * batch / steps + stepWeightByteCount,
            productOperationCount: sum.productOperationCount * batch / steps,
            attentionOperationCount: sum.attentionOperationCount * batch / steps)
    }

    /// The work of a prompt up to the logits of its last token.
    ///
    /// - Parameters:
    ///   - length: Tokens of the prompt.
    ///   - chunk: Tokens of a pass.
    /// - Returns: The work of all passes.
    public func prefill(length: Int, chunk: Int) -> DecoderWork {
        var sum = DecoderWork(byteCount: outputByteCount)
        for start in stride(from: 0, to: length, by: chunk) {
            let end = min(start + chunk, length)
            sum.byteCount += layerByteCount
            sum += sequence(rows: start..<end, wantsLast: end == length)
        }
        return sum
    }

    /// What the new tokens of one sequence add to a pass, weights aside.
    private func sequence(rows: Range<Int>, wantsLast: Bool) -> DecoderWork {
        let (hidden, queries, keys) = (
            config.hiddenSize, config.queryWidth, config.keyValueWidth
        )
        let perRow = 2 * hidden * (2 * queries + 3 * config.intermediateSize)
        let pairBytes = config.keyValueByteCount(perTokenAs: keyValueType) / config.layerCount
        var work = DecoderWork()
        for (layer, window) in config.windows.enumerated() {
            work.productOperationCount += rows.count * 2 * hidden * 2 * keys
            work.byteCount += rows.count * pairBytes
            let isLast = layer == config.layerCount - 1
            let active = isLast ? rows.suffix(wantsLast ? 1 : 0) : rows
            guard let first = active.first else { continue }
            let window = window ?? .max
            let attended = active.reduce(0) { $0 + min($1 + 1, window) }
            work.productOperationCount += active.count * perRow
            work.attentionOperationCount += 4 * queries * attended
            let seen = rows.upperBound - max(0, window == .max ? 0 : first + 1 - window)
            work.byteCount += seen * pairBytes
        }
        if wantsLast { work.productOperationCount += 2 * hidden * config.vocabularySize }
        return work
    }
}
