import Kernels

/// What a layer keeps of a forward pass for the backward one.
struct LayerActivations {
    /// The residual stream before the layer, `[rows, hiddenSize]`.
    let input: FloatMatrix
    /// `input` normalised, `[rows, hiddenSize]`.
    let attentionInput: FloatMatrix
    /// Queries and keys before their norm, `[rows, queryWidth + 2 keyValueWidth]`; nil without one.
    let unnormalized: FloatMatrix?
    /// Queries, keys and values as attention reads them, `[rows, queryWidth + 2 keyValueWidth]`.
    let projected: FloatMatrix
    /// What attention gathered, `[rows, queryWidth]`.
    let attended: FloatMatrix
    /// log Σ exp of the scores, `[rows, headCount]`.
    let logSums: FloatMatrix
    /// The residual stream between attention and feed-forward, `[rows, hiddenSize]`.
    let middle: FloatMatrix
    /// `middle` normalised, `[rows, hiddenSize]`.
    let feedForwardInput: FloatMatrix
    /// Gate and up side by side, `[rows, 2 intermediateSize]`.
    let gateUp: FloatMatrix
    /// silu(gate) * up, `[rows, intermediateSize]`.
    let activated: FloatMatrix

    init(_ config: ModelConfig, rows: Int) {
        func matrix(_ columns: Int) -> FloatMatrix { FloatMatrix(rows: rows, columns: columns) }
        let projectedWidth = config.queryWidth + 2 * config.keyValueWidth
        input = matrix(config.hiddenSize)
        attentionInput = matrix(config.hiddenSize)
        unnormalized = config.hasQueryKeyNorm ? matrix(projectedWidth) : nil
        projected = matrix(projectedWidth)
        attended = matrix(config.queryWidth)
        logSums = matrix(config.headCount)
        middle = matrix(config.hiddenSize)
        feedForwardInput = matrix(config.hiddenSize)
        gateUp = matrix(2 * config.intermediateSize)
        activated = matrix(config.intermediateSize)
    }
}

/// The memory of one forward and backward pass over at most `rowCount` tokens.
final class Activations {
    let rowCount: Int
    /// Rows of logits that exist at a time.
    let logitRowCount: Int
    /// `[layerCount]`.
    let layers: [LayerActivations]
    /// The residual stream after the last layer, `[rows, hiddenSize]`.
    let output: FloatMatrix
    /// `output` normalised, `[rows, hiddenSize]`.
    let normalized: FloatMatrix
    /// `[logitRowCount, vocabularySize]`.
    let logits: FloatMatrix
    /// The gradient of the residual stream, `[rows, hiddenSize]`.
    let residualGradient: FloatMatrix
    /// The gradient of a normalised stream, `[rows, hiddenSize]`.
    let normalizedGradient: FloatMatrix
    /// `[rows, queryWidth]`.
    let attendedGradient: FloatMatrix
    /// `[rows, queryWidth + 2 keyValueWidth]`.
    let projectedGradient: FloatMatrix
    /// `[rows, 2 intermediateSize]`.
    let gateUpGradient: FloatMatrix
    /// `[rows, intermediateSize]`.
    let activatedGradient: FloatMatrix

    /// Bytes of logits that exist at a time, if that is eight rows.
    private static let logitByteCount = 8 << 20

    init(_ config: ModelConfig, rowCount: Int) {
        self.rowCount = rowCount
        logitRowCount = Self.logitRowCount(config, rowCount)
        func matrix(_ columns: Int) -> FloatMatrix { FloatMatrix(rows: rowCount, columns: columns) }
        layers = (0..<config.layerCount).map { _ in LayerActivations(config, rows: rowCount) }
        output = matrix(config.hiddenSize)
        normalized = matrix(config.hiddenSize)
        logits = FloatMatrix(rows: logitRowCount, columns: config.vocabularySize)
        residualGradient = matrix(config.hiddenSize)
        normalizedGradient = matrix(config.hiddenSize)
        attendedGradient = matrix(config.queryWidth)
        projectedGradient = matrix(config.queryWidth + 2 * config.keyValueWidth)
        gateUpGradient = matrix(2 * config.intermediateSize)
        activatedGradient = matrix(config.intermediateSize)
    }

    private static func logitRowCount(_ config: ModelConfig, _ rowCount: Int) -> Int {
        let rows = logitByteCount / MemoryLayout<Float>.stride / config.vocabularySize
        return min(rowCount, max(8, rows))
    }

    /// Bytes that a pass over `rowCount` tokens takes, but for the padding of rows.
    static func byteCount(_ config: ModelConfig, rowCount: Int) -> Int {
        let (hidden, inner) = (config.hiddenSize, config.intermediateSize)
        let projected = config.queryWidth + 2 * config.keyValueWidth
        let layer =
            4 * hidden + projected * (config.hasQueryKeyNorm ? 2 : 1) + config.queryWidth
            + config.headCount + 3 * inner
        let shared = 4 * hidden + projected + config.queryWidth + 3 * inner
        let logits = logitRowCount(config, rowCount) * config.vocabularySize
        let floats = rowCount * (config.layerCount * layer + shared) + logits
        return floats * MemoryLayout<Float>.stride
    }
}
