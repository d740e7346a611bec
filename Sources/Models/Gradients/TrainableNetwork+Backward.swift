public import Kernels

extension TrainableNetwork {
    /// Adds the gradient of `Σ weights · (-log p(target))` to `gradients`, after ``forward(_:)`` of
    /// the same batch.
    ///
    /// - Parameters:
    ///   - batch: What went forward.
    ///   - weigh: Receives some rows, ascending, and what became of their targets; returns their
    ///     weights. Called for all rows once; a row without a target has no gradient whatever its
    ///     weight.
    public func backward(
        _ batch: TokenBatch, weigh: (Range<Int>, [TargetStatistics]) -> [Float]
    ) {
        let rows = 0..<batch.rowCount
        forLogits(of: batch) { rows, targets in
            let local = 0..<rows.count
            let statistics = kernels.targetStatistics(space.logits, rows: local, targets: targets)
            let weights = weigh(rows, statistics)
            precondition(weights.count == rows.count, "\(weights.count) weights")
            kernels.logProbabilityGradient(
                space.logits, rows: local, targets: targets, logSums: statistics.map(\.logSum),
                weights: weights)
            kernels.product(
                space.logits.block(rows: local), self.weights.output.block(),
                into: space.normalizedGradient.block(rows: rows))
            kernels.product(
                space.logits.block(rows: local).transposed,
                space.normalized.block(rows: rows), into: slopes.output.block(), accumulate: true)
        }
        kernels.rmsNormBackward(
            space.output, rows: rows, weight: weights.outputNorm, epsilon: config.normEpsilon,
            outGradient: space.normalizedGradient, into: space.residualGradient, accumulate: false,
            weightGradient: slopes.outputNorm)
        let positions = batch.positions
        for index in space.layers.indices.reversed() {
            feedForwardBackward(index, rows)
            attendBackward(index, rows, positions, batch.sequences)
        }
        kernels.scatterAddRows(space.residualGradient, ids: batch.tokens, into: slopes.embedding)
    }

    /// From the gradient of a layer's output to that of its middle, both in `residualGradient`.
    private func feedForwardBackward(_ index: Int, _ rows: Range<Int>) {
        let (layer, kept, slope) = (
            weights.layers[index], space.layers[index], slopes.layers[index]
        )
        linearBackward(
            rows, outGradient: space.residualGradient, input: kept.activated, weights: layer.down,
            inputGradient: space.activatedGradient, slope: slope.down, biasSlope: slope.downBias)
        kernels.siluMultiplyBackward(
            kept.gateUp, rows: rows, gate: 0, up: config.intermediateSize,
            count: config.intermediateSize, outGradient: space.activatedGradient,
            into: space.gateUpGradient)
        linearBackward(
            rows, outGradient: space.gateUpGradient, input: kept.feedForwardInput,
            weights: layer.gateUp, inputGradient: space.normalizedGradient, slope: slope.gateUp,
            biasSlope: slope.gateUpBias)
        kernels.rmsNormBackward(
            kept.middle, rows: rows, weight: layer.feedForwardNorm, epsilon: config.normEpsilon,
            outGradient: space.normalizedGradient, into: space.residualGradient, accumulate: true,
            weightGradient: slope.feedForwardNorm)
    }

    /// From the gradient of a layer's middle to that of its input, both in `residualGradient`.
    private func attendBackward(
        _ index: Int, _ rows: Range<Int>, _ positions: [Int32], _ sequences: [Range<Int>]
    ) {
        let (layer, kept, slope) = (
            weights.layers[index], space.layers[index], slopes.layers[index]
        )
        linearBackward(
            rows, outGradient: space.residualGradient, input: kept.attended,
            weights: layer.attentionOutput, inputGradient: space.attendedGradient,
            slope: slope.attentionOutput, biasSlope: slope.attentionOutputBias)
        kernels.attentionBackward(
            kept.projected, attentionShape(index, sequences), out: kept.attended,
            logSums: kept.logSums, outGradient: space.attendedGradient,
            into: space.projectedGradient)
        let queries = 0..<config.queryWidth
        let keys = config.queryWidth..<config.queryWidth + config.keyValueWidth
        kernels.rope(
            space.projectedGradient, rows: rows, columns: 0..<keys.upperBound,
            headDim: config.headSize, positions: positions, table: rotation.backward,
            style: config.rotary.style)
        if let unnormalized = kept.unnormalized {
            let norms = [
                (queries, layer.queryNorm, slope.queryNorm), (keys, layer.keyNorm, slope.keyNorm),
            ]
            for case (let columns, let norm?, let normSlope?) in norms {
                kernels.rmsNormHeadsBackward(
                    unnormalized, rows: rows, columns: columns, weight: norm,
                    epsilon: config.normEpsilon, outGradient: space.projectedGradient,
                    into: space.projectedGradient, accumulate: false,
                    weightGradient: normSlope)
            }
        }
        linearBackward(
            rows, outGradient: space.projectedGradient, input: kept.attentionInput,
            weights: layer.projection, inputGradient: space.normalizedGradient,
            slope: slope.projection, biasSlope: slope.projectionBias)
        kernels.rmsNormBackward(
            kept.input, rows: rows, weight: layer.attentionNorm, epsilon: config.normEpsilon,
            outGradient: space.normalizedGradient, into: space.residualGradient, accumulate: true,
            weightGradient: slope.attentionNorm)
    }

    private func linearBackward(
        _ rows: Range<Int>, outGradient: FloatMatrix, input: FloatMatrix, weights: FloatMatrix,
        inputGradient: FloatMatrix, slope: FloatMatrix, biasSlope: FloatMatrix?
    ) {
        let out = outGradient.block(rows: rows)
        kernels.product(out, weights.block(), into: inputGradient.block(rows: rows))
        kernels.product(
            out.transposed, input.block(rows: rows), into: slope.block(), accumulate: true)
        if let biasSlope {
            kernels.columnSums(of: out, addingTo: biasSlope.block())
        }
    }
}
