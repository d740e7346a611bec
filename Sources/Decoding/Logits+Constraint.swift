import Models

extension Logits {
    /// Runs `draw` on a row from which what a constraint rules out is gone, and restores the row.
    ///
    /// A constraint that leaves nothing is dropped: some token must come.
    ///
    /// - Parameters:
    ///   - constraint: What may be drawn.
    ///   - row: Where the row lies in `values`.
    ///   - draw: Draws from the row.
    /// - Returns: What was drawn.
    mutating func masked(
        by constraint: ThoughtState.Constraint, row: Range<Int>,
        draw: (inout [Float]) -> Int32
    ) -> Int32 {
        switch constraint {
        case .without(let ids):
            let ids = ids.map { row.lowerBound + Int($0) }.filter(row.contains)
            guard ids.count < row.count else { break }
            let originals = ids.map { values[$0] }
            for index in ids { values[index] = -.infinity }
            defer { for (index, value) in zip(ids, originals).reversed() { values[index] = value } }
            return draw(&values)
        case .only(let ids):
            let ids = ids.map { row.lowerBound + Int($0) }.filter(row.contains)
            guard !ids.isEmpty else { break }
            let originals = Array(values[row])
            // A token that the model excludes may be all there is: it stays possible.
            let kept = ids.map { max(values[$0], -1e30) }
            for index in row { values[index] = -.infinity }
            for (index, value) in zip(ids, kept) { values[index] = value }
            defer { values.replaceSubrange(row, with: originals) }
            return draw(&values)
        case .free, .forced, .none:
            break
        }
        return draw(&values)
    }
}
