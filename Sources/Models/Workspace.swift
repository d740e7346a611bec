import Kernels

/// The activations of one run through the layers, allocated once.
final class Workspace {
    /// The most rows of one run.
    let rowCount: Int
    /// The most rows of logits of one product.
    let logitRowCount: Int
    /// The residual stream, `[rowCount, hiddenSize]`.
    let residual: FloatMatrix
    /// The residual stream normalised, `[rowCount, hiddenSize]`.
    let normalized: FloatMatrix
    /// Queries, keys and values side by side, `[rowCount, (headCount + 2 kvHeadCount) * headSize]`.
    let projected: FloatMatrix
    /// What attention gathered, `[rowCount, headCount * headSize]`.
    let attended: FloatMatrix
    /// Gate and up side by side, `[rowCount, 2 * intermediateSize]`.
    let gated: FloatMatrix
    /// Cosines and sines of each row's position, `[rowCount, headSize / 2]` each.
    let rotation: RotaryTable
    /// `[logitRowCount, vocabularySize]`.
    let logits: FloatMatrix

    /// Bytes of logits that one product may fill.
    private static let logitByteCount = 64 << 20

    init(config: ModelConfig, rowCount: Int) {
        precondition(rowCount > 0, "\(rowCount) rows")
        self.rowCount = rowCount
        logitRowCount = min(rowCount, max(8, Self.logitByteCount / 4 / config.vocabularySize))
        residual = FloatMatrix(rows: rowCount, columns: config.hiddenSize)
        normalized = FloatMatrix(rows: rowCount, columns: config.hiddenSize)
        projected = FloatMatrix(
            rows: rowCount, columns: config.queryWidth + 2 * config.keyValueWidth)
        attended = FloatMatrix(rows: rowCount, columns: config.queryWidth)
        gated = FloatMatrix(rows: rowCount, columns: 2 * config.intermediateSize)
        rotation = RotaryTable(
            cosine: FloatMatrix(rows: rowCount, columns: config.headSize / 2),
            sine: FloatMatrix(rows: rowCount, columns: config.headSize / 2))
        logits = FloatMatrix(rows: logitRowCount, columns: config.vocabularySize)
    }

    /// Moves `rows`, ascending, of the residual stream and its norm to the front.
    func keep(rows: [Int32]) {
        for (target, source) in rows.enumerated() where target != Int(source) {
            residual.setRow(target, to: residual.row(Int(source)))
            normalized.setRow(target, to: normalized.row(Int(source)))
        }
    }
}
