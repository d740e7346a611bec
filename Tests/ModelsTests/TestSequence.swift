import Foundation
import Models

/// One sequence over all pages of a model, in a scrambled order.
struct TestSequence {
    let blockTable: [Int32]
    var member = 0

    init(pageCount: Int, pageSize: Int, tokenCount: Int = 4096) {
        let needed = min(pageCount, (tokenCount + pageSize - 1) / pageSize)
        blockTable = (0..<needed).reversed().map(Int32.init)
    }

    init(blockTable: [Int32], member: Int = 0) {
        self.blockTable = blockTable
        self.member = member
    }

    func item(
        _ tokens: [Int32], position: Int, _ rows: ForwardBatch.LogitRows
    ) -> ForwardBatch.Item {
        ForwardBatch.Item(
            member: member, tokens: tokens, position: position, blockTable: blockTable,
            logitRows: rows)
    }

    func batch(
        _ tokens: [Int32], position: Int, _ rows: ForwardBatch.LogitRows
    ) -> ForwardBatch {
        ForwardBatch(items: [item(tokens, position: position, rows)])
    }
}

/// Log-softmax in f64, for comparisons.
func logProbabilities(of logits: ArraySlice<Float>) -> [Float] {
    let largest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0.0) { $0 + exp(Double($1) - largest) }
    return logits.map { Float(Double($0) - largest - log(sum)) }
}

/// The position of the first largest value, from the start of the slice.
func argmax(_ values: ArraySlice<Float>) -> Int {
    var best = values.startIndex
    for index in values.indices where values[index] > values[best] { best = index }
    return best - values.startIndex
}
