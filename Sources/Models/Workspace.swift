import Kernels

/// The activations of one run through the layers, allocated once.
final class Workspace {
    /// The most rows of one run.
    let rowCount: Int
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

    /// Bytes that all rows together may take: real models stay far below, and a config of absurd
    /// widths, which costs a few megabytes of weights where others are 1, gets fewer rows.
    private static let rowByteCount = 512 << 20

    /// Allocates scratch for a model.
    ///
    /// - Parameters:
    ///   - config: The shapes.
    ///   - maximumRowCount: The most rows that may be asked for; there may be fewer.
    init(config: ModelConfig, maximumRowCount: Int) {
        rowCount = Self.rowCount(config: config, maximumRowCount: maximumRowCount)
        residual = FloatMatrix(rows: rowCount, columns: config.hiddenSize)
        normalized = FloatMatrix(rows: rowCount, columns: config.hiddenSize)
        projected = FloatMatrix(
            rows: rowCount, columns: config.queryWidth + 2 * config.keyValueWidth)
        attended = FloatMatrix(rows: rowCount, columns: config.queryWidth)
        gated = FloatMatrix(rows: rowCount, columns: 2 * config.intermediateSize)
        rotation = RotaryTable(
            cosine: FloatMatrix(rows: rowCount, columns: config.headSize / 2),
            sine: FloatMatrix(rows: rowCount, columns: config.headSize / 2))
    }

    /// How many of the rows that were asked for are allocated.
    static func rowCount(config: ModelConfig, maximumRowCount: Int) -> Int {
        precondition(maximumRowCount > 0, "\(maximumRowCount) rows")
        let widths =
            2 * config.hiddenSize + 2 * config.queryWidth + 2 * config.keyValueWidth
            + 2 * config.intermediateSize + config.headSize
        let affordable = rowByteCount / MemoryLayout<Float>.stride / widths
        return max(1, min(maximumRowCount, affordable))
    }

    /// Moves `rows`, ascending, of the residual stream and its norm to the front.
    func keep(rows: [Int32]) {
        for (target, source) in rows.enumerated() where target != Int(source) {
            residual.setRow(target, to: residual.row(Int(source)))
            normalized.setRow(target, to: normalized.row(Int(source)))
        }
    }
}
