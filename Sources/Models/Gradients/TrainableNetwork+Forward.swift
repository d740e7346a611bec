public import Kernels

extension TrainableNetwork {
    /// Runs a batch through the layers and keeps what the backward pass needs.
    ///
    /// - Parameter batch: At most `rowCapacity` tokens, no sequence beyond the context; ids below
    ///   the vocabulary's size.
    public func forward(_ batch: TokenBatch) {
        let rows = 0..<batch.rowCount
        precondition(rows.count <= rowCapacity, "\(rows.count) tokens for \(rowCapacity) rows")
        let positions = batch.positions
        kernels.gatherRows(weights.embedding, ids: batch.tokens, into: space.layers[0].input)
        for index in space.layers.indices {
            let isLast = index == space.layers.count - 1
            let next = isLast ? space.output : space.layers[index + 1].input
            attend(index, rows, positions, batch.sequences)
            feedForward(index, rows, into: next)
        }
        kernels.rmsNorm(
            space.output, rows: rows, weight: weights.outputNorm, epsilon: config.normEpsilon,
            into: space.normalized)
    }

    /// Log-probabilities and entropies of the targets, after ``forward(_:)`` of the same batch.
    ///
    /// - Parameter batch: What went forward.
    /// - Returns: `[rows]`; zeros where there is no target.
    public func targetStatistics(_ batch: TokenBatch) -> [TargetStatistics] {
        var statistics: [TargetStatistics] = []
        forLogits(of: batch) { rows, targets in
            statistics += kernels.targetStatistics(
                space.logits, rows: 0..<rows.count, targets: targets)
        }
        return statistics
    }

    /// Computes the logits of some rows at a time.
    func forLogits(of batch: TokenBatch, _ body: (Range<Int>, [Int32]) -> Void) {
        for start in stride(from: 0, to: batch.rowCount, by: space.logitRowCount) {
            let rows = start..<min(start + space.logitRowCount, batch.rowCount)
            kernels.product(
                space.normalized.block(rows: rows), weights.output.block().transposed,
                into: space.logits.block(rows: 0..<rows.count))
            body(rows, Array(batch.targets[rows]))
        }
    }

    func attentionShape(_ index: Int, _ sequences: [Range<Int>]) -> PackedAttention {
        PackedAttention(
            sequences: sequences, headCount: config.headCount,
            keyValueHeadCount: config.keyValueHeadCount, headSize: config.headSize, scale: scale,
            window: config.windows[index])
    }

    private func attend(
        _ index: Int, _ rows: Range<Int>, _ positions: [Int32], _ sequences: [Range<Int>]
    ) {
        let (layer, kept) = (weights.layers[index], space.layers[index])
        kernels.rmsNorm(
            kept.input, rows: rows, weight: layer.attentionNorm, epsilon: config.normEpsilon,
            into: kept.attentionInput)
        let queries = 0..<config.queryWidth
        let keys = config.queryWidth..<config.queryWidth + config.keyValueWidth
        if let unnormalized = kept.unnormalized, let queryNorm = layer.queryNorm,
            let keyNorm = layer.keyNorm
        {
            project(kept.attentionInput, rows, layer, columns: 0..<keys.upperBound, unnormalized)
            let values = keys.upperBound..<keys.upperBound + config.keyValueWidth
            project(kept.attentionInput, rows, layer, columns: values, kept.projected)
            for (columns, norm) in [(queries, queryNorm), (keys, keyNorm)] {
                kernels.rmsNormHeads(
                    unnormalized, rows: rows, columns: columns, weight: norm,
                    epsilon: config.normEpsilon, into: kept.projected)
            }
        } else {
            let all = 0..<layer.projection.rows
            project(kept.attentionInput, rows, layer, columns: all, kept.projected)
        }
        kernels.rope(
            kept.projected, rows: rows, columns: 0..<keys.upperBound, headDim: config.headSize,
            positions: positions, table: rotation.forward, style: config.rotary.style)
        kernels.attention(
            kept.projected, attentionShape(index, sequences), into: kept.attended,
            logSums: kept.logSums)
        kernels.product(
            kept.attended.block(rows: rows), layer.attentionOutput.block().transposed,
            into: kept.middle.block(rows: rows))
        if let bias = layer.attentionOutputBias {
            kernels.addRow(bias.block(), to: kept.middle.block(rows: rows))
        }
        kernels.add(kept.middle, kept.input, rows: rows)
    }

    /// Some features of the query, key and value projections.
    private func project(
        _ input: FloatMatrix, _ rows: Range<Int>, _ layer: LayerParameters, columns: Range<Int>,
        _ out: FloatMatrix
    ) {
        let target = out.block(rows: rows, columns: columns)
        kernels.product(
            input.block(rows: rows), layer.projection.block(rows: columns).transposed,
            into: target)
        if let bias = layer.projectionBias {
            kernels.addRow(bias.block(columns: columns), to: target)
        }
    }

    private func feedForward(_ index: Int, _ rows: Range<Int>, into next: FloatMatrix) {
        let (layer, kept) = (weights.layers[index], space.layers[index])
        kernels.rmsNorm(
            kept.middle, rows: rows, weight: layer.feedForwardNorm, epsilon: config.normEpsilon,
            into: kept.feedForwardInput)
        kernels.product(
            kept.feedForwardInput.block(rows: rows), layer.gateUp.block().transposed,
            into: kept.gateUp.block(rows: rows))
        if let bias = layer.gateUpBias {
            kernels.addRow(bias.block(), to: kept.gateUp.block(rows: rows))
        }
        kernels.siluMultiply(
            kept.gateUp, rows: rows, gate: 0, up: config.intermediateSize,
            count: config.intermediateSize, into: kept.activated)
        kernels.product(
            kept.activated.block(rows: rows), layer.down.block().transposed,
            into: next.block(rows: rows))
        if let bias = layer.downBias {
            kernels.addRow(bias.block(), to: next.block(rows: rows))
        }
        kernels.add(next, kept.middle, rows: rows)
    }
}

extension TokenBatch {
    /// The position of each row in its sequence.
    var positions: [Int32] {
        sequences.flatMap { rows in (0..<rows.count).map(Int32.init) }
    }
}
