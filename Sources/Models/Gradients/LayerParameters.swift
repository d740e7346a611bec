import Kernels

/// Matrices over the parameters of one layer, or over their gradients.
struct LayerParameters {
    /// `[1, hiddenSize]`.
    let attentionNorm: FloatMatrix
    /// Query, key and value projections, one under the other: `[queryWidth + 2 keyValueWidth,
    /// hiddenSize]`.
    let projection: FloatMatrix
    /// `[1, queryWidth + 2 keyValueWidth]`.
    let projectionBias: FloatMatrix?
    /// `[1, headSize]`.
    let queryNorm: FloatMatrix?
    /// `[1, headSize]`.
    let keyNorm: FloatMatrix?
    /// `[hiddenSize, queryWidth]`.
    let attentionOutput: FloatMatrix
    /// `[1, hiddenSize]`.
    let attentionOutputBias: FloatMatrix?
    /// `[1, hiddenSize]`.
    let feedForwardNorm: FloatMatrix
    /// Gate and up, one under the other: `[2 intermediateSize, hiddenSize]`.
    let gateUp: FloatMatrix
    /// `[1, 2 intermediateSize]`.
    let gateUpBias: FloatMatrix?
    /// `[hiddenSize, intermediateSize]`.
    let down: FloatMatrix
    /// `[1, hiddenSize]`.
    let downBias: FloatMatrix?

    init(_ buffer: FloatBuffer, _ layout: ParameterLayout, _ config: ModelConfig, layer: Int) {
        func rows(_ part: WeightSlot.Part, _ rows: Int, _ columns: Int) -> FloatMatrix {
            let range = layout.range(.layer(layer, part))
            return buffer.matrix(at: range.lowerBound, rows: rows, columns: columns)
        }
        let (hidden, inner) = (config.hiddenSize, config.intermediateSize)
        let projected = config.queryWidth + 2 * config.keyValueWidth
        attentionNorm = rows(.attentionNorm, 1, hidden)
        projection = rows(.query, projected, hidden)
        projectionBias = config.hasQueryKeyValueBias ? rows(.queryBias, 1, projected) : nil
        queryNorm = config.hasQueryKeyNorm ? rows(.queryNorm, 1, config.headSize) : nil
        keyNorm = config.hasQueryKeyNorm ? rows(.keyNorm, 1, config.headSize) : nil
        attentionOutput = rows(.attentionOutput, hidden, config.queryWidth)
        attentionOutputBias = config.hasOutputBias ? rows(.attentionOutputBias, 1, hidden) : nil
        feedForwardNorm = rows(.feedForwardNorm, 1, hidden)
        gateUp = rows(.gate, 2 * inner, hidden)
        gateUpBias = config.hasFeedForwardBias ? rows(.gateBias, 1, 2 * inner) : nil
        down = rows(.down, hidden, inner)
        downBias = config.hasFeedForwardBias ? rows(.downBias, 1, hidden) : nil
    }
}

/// Matrices over all parameters of a network, or over their gradients.
struct NetworkParameters {
    /// `[vocabularySize, hiddenSize]`.
    let embedding: FloatMatrix
    /// `[layerCount]`.
    let layers: [LayerParameters]
    /// `[1, hiddenSize]`.
    let outputNorm: FloatMatrix
    /// `[vocabularySize, hiddenSize]`; the embedding itself where they are tied.
    let output: FloatMatrix

    init(_ buffer: FloatBuffer, _ layout: ParameterLayout, _ config: ModelConfig) {
        func table(_ slot: WeightSlot) -> FloatMatrix {
            buffer.matrix(
                at: layout.range(slot).lowerBound, rows: config.vocabularySize,
                columns: config.hiddenSize)
        }
        embedding = table(.embedding)
        output = config.tiesEmbeddings ? embedding : table(.output)
        outputNorm = buffer.matrix(
            at: layout.range(.outputNorm).lowerBound, rows: 1, columns: config.hiddenSize)
        layers = (0..<config.layerCount).map {
            LayerParameters(buffer, layout, config, layer: $0)
        }
    }
}
