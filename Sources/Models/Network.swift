import Foundation
import Kernels

/// One model's layers over memory that it borrows: the residual stream, and the KV pages.
///
///     x = embedding[token]
///     each layer:  x += output(attention(rope(q), rope(k), v))    of norm(x)
///                  x += down(silu(gate) * up)                     of norm(x)
///     hidden = norm(x)
///     logits = output · hidden
struct Network: Sendable {
    let config: ModelConfig
    let weights: Weights
    private let frequencies: [Float]
    private let scale: Float

    init(config: ModelConfig, weights: Weights) {
        self.config = config
        self.weights = weights
        frequencies = config.rotary.frequencies(headSize: config.headSize)
        // transformers computes head_dim ** -0.5 in f64.
        scale = Float(pow(Double(config.headSize), -0.5))
    }

    /// Runs a plan and leaves what is wanted of its rows in `results`; `link` ties it to passes on
    /// other threads.
    func run(
        _ plan: PassPlan, batch: ForwardBatch, in space: Workspace, pages: KVPageStore,
        with kernels: KernelContext, link: PassLink, into results: inout PassResults
    ) {
        kernels.gatherRows(weights.embedding, ids: plan.tokens, into: space.residual)
        fillRotation(plan, space)
        let items = Self.rows(of: plan.items, in: batch)
        let wanted = Self.rows(of: plan.wantedItems, in: batch)
        for (index, layer) in weights.layers.enumerated() {
            kernels.rmsNorm(
                space.residual, rows: 0..<plan.tokens.count, weight: layer.attentionNorm,
                epsilon: config.normEpsilon, into: space.normalized)
            // Nothing reads the last layer's rows that are not wanted.
            let isLast = index == weights.layers.count - 1
            let keepsAllRows = !isLast || plan.wantedRows.count == plan.tokens.count
            writeKeysAndValues(
                layer, index: index, items: items, rowCount: plan.tokens.count,
                withQueries: keepsAllRows, space, pages, kernels)
            link.isWritten(layer: index)
            kernels.lap(.waiting)
            if keepsAllRows {
                let rows = (0..<plan.tokens.count).map(Int32.init)
                finish(
                    layer, index: index, items: items, rotations: rows, hasQueries: true, space,
                    pages, kernels)
            } else if plan.wantedRows.isEmpty {
                return
            } else {
                space.keep(rows: plan.wantedRows)
                finish(
                    layer, index: index, items: wanted, rotations: plan.wantedRows,
                    hasQueries: false, space, pages, kernels)
            }
        }
        kernels.rmsNorm(
            space.residual, rows: 0..<plan.wantedRows.count, weight: weights.outputNorm,
            epsilon: config.normEpsilon, into: space.normalized)
        var start = 0
        for place in plan.hiddenPlaces {
            appendLogits(rows: start..<place, space, kernels, to: &results)
            results.hidden += space.normalized.row(place)
            start = place + 1
        }
        appendLogits(rows: start..<plan.wantedRows.count, space, kernels, to: &results)
    }

    /// How many multiplications of products with weights go in the time of one of attention.
    ///
    /// As many more as an instruction takes than of f32. Measured on Zen 4: 3.3 for SmolLM2 and 3.7
    /// for the 1.5B shape at 4 bits, 2.6 in bf16, 0.8 for the small family in f32.
    var productRate: Int {
        guard let format = weights.layers.first?.gate.matrix.packedFormat else { return 1 }
        return format.isInteger ? 4 : format == .bf16dot ? 2 : 1
    }

    private static func rows(of spans: [PassPlan.Segment], in batch: ForwardBatch) -> [SequenceRows]
    {
        spans.map { span in
            SequenceRows(
                rows: span.rows, position: span.position,
                blockTable: batch.items[span.item].blockTable)
        }
    }

    /// Cosines and sines as transformers computes them: the angle is a product in f32.
    private func fillRotation(_ plan: PassPlan, _ space: Workspace) {
        let factor = config.rotary.attentionFactor
        for (row, position) in plan.positions.enumerated() {
            space.rotation.cosine.withMutableRow(row) { cosines in
                for (pair, frequency) in frequencies.enumerated() {
                    cosines[pair] = cos(Float(position) * frequency) * factor
                }
            }
            space.rotation.sine.withMutableRow(row) { sines in
                for (pair, frequency) in frequencies.enumerated() {
                    sines[pair] = sin(Float(position) * frequency) * factor
                }
            }
        }
    }

    /// Projects keys and values, and queries where asked, and writes the former into their pages.
    private func writeKeysAndValues(
        _ layer: Weights.Layer, index: Int, items: [SequenceRows], rowCount: Int,
        withQueries: Bool,
        _ space: Workspace, _ pages: KVPageStore, _ kernels: KernelContext
    ) {
        let rows = 0..<rowCount
        let keys = config.queryWidth..<config.queryWidth + config.keyValueWidth
        let products =
            (withQueries ? [LinearProduct(layer.query, column: 0)] : []) + [
                LinearProduct(layer.key, column: keys.lowerBound),
                LinearProduct(layer.value, column: keys.upperBound),
            ]
        kernels.matmul(space.normalized, rows: rows, products, into: space.projected)
        if let norm = layer.keyNorm {
            kernels.rmsNormHeads(
                space.projected, rows: rows, columns: keys, weight: norm,
                epsilon: config.normEpsilon)
        }
        kernels.rope(
            space.projected, rows: rows, columns: keys, headDim: config.headSize,
            positions: rows.map(Int32.init), table: space.rotation, style: config.rotary.style)
        kernels.writeKeysAndValues(
            space.projected, keyColumn: keys.lowerBound, valueColumn: keys.upperBound,
            items: items, layer: index, pages: pages)
    }

    /// Everything of a layer after its keys and values, for the rows of `items`.
    private func finish(
        _ layer: Weights.Layer, index: Int, items: [SequenceRows], rotations: [Int32],
        hasQueries: Bool, _ space: Workspace, _ pages: KVPageStore, _ kernels: KernelContext
    ) {
        let rows = 0..<rotations.count
        let queries = 0..<config.queryWidth
        if !hasQueries {
            kernels.matmul(
                space.normalized, rows: rows, weights: layer.query.matrix, bias: layer.query.bias,
                into: space.projected)
        }
        if let norm = layer.queryNorm {
            kernels.rmsNormHeads(
                space.projected, rows: rows, columns: queries, weight: norm,
                epsilon: config.normEpsilon)
        }
        kernels.rope(
            space.projected, rows: rows, columns: queries, headDim: config.headSize,
            positions: rotations, table: space.rotation, style: config.rotary.style)
        kernels.attention(
            space.projected, headCount: config.headCount, items: items, layer: index,
            pages: pages, scale: scale, slidingWindow: config.windows[index],
            into: space.attended)
        kernels.matmul(
            space.attended, rows: rows, weights: layer.attentionOutput.matrix,
            bias: layer.attentionOutput.bias, into: space.residual, accumulate: true)

        kernels.rmsNorm(
            space.residual, rows: rows, weight: layer.feedForwardNorm,
            epsilon: config.normEpsilon, into: space.normalized)
        kernels.matmul(
            space.normalized, rows: rows,
            [
                LinearProduct(layer.gate, column: 0),
                LinearProduct(layer.up, column: config.intermediateSize),
            ], into: space.gated)
        kernels.siluMultiply(
            space.gated, rows: rows, gate: 0, up: config.intermediateSize,
            count: config.intermediateSize, into: space.gated)
        kernels.matmul(
            space.gated, rows: rows, weights: layer.down.matrix, bias: layer.down.bias,
            into: space.residual, accumulate: true)
    }

    private func appendLogits(
        rows: Range<Int>, _ space: Workspace, _ kernels: KernelContext,
        to results: inout PassResults
    ) {
        guard !rows.isEmpty else { return }
        kernels.matmul(
            space.normalized, rows: rows, weights: weights.output, into: results.logits,
            outRow: results.nextRow)
        results.nextRow += rows.count
    }
}

/// Where a pass leaves what is wanted of its rows.
struct PassResults {
    /// `[rows, vocabularySize]`, shared with others that fill other rows.
    let logits: FloatMatrix
    /// The row that comes next.
    var nextRow = 0
    /// `[count, hiddenSize]` so far, row-major.
    var hidden: [Float] = []
}

extension LinearProduct {
    /// A layer that fills the columns from `column` on.
    fileprivate init(_ linear: Weights.Linear, column: Int) {
        self.init(weights: linear.matrix, bias: linear.bias, column: column)
    }
}

extension RotaryEmbedding {
    /// The pairing as kernels call it.
    var style: RotaryStyle {
        switch pairing {
        case .halves: .halves
        case .neighbours: .interleaved
        }
    }
}
