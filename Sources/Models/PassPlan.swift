import Kernels

/// The rows of one run through the layers, and what each of them is.
///
/// A batch becomes one or more plans of bounded size, so that scratch memory is bounded too:
///
///     rows      [ item 0: tokens ... | item 1: tokens ... | ... ]
///     wanted    [ rows whose logits or hidden state is asked for, close together ]
struct PassPlan: Equatable {
    /// Token ids, `[rows]`.
    var tokens: [Int32] = []
    /// The position of each row in its sequence, `[rows]`.
    var positions: [Int] = []
    /// Which rows belong to which sequence.
    var items: [Segment] = []
    /// Rows whose logits or hidden state is wanted, ascending.
    var wantedRows: [Int32] = []
    /// Places in `wantedRows` of those whose hidden state is, ascending.
    var hiddenPlaces: [Int] = []
    /// The items of `wantedRows`, in rows that count from the first wanted one.
    var wantedItems: [Segment] = []

    /// Some consecutive tokens of one item of the batch.
    struct Segment: Equatable {
        /// The item's place in the batch.
        var item: Int
        /// Rows of the plan, or of its wanted part.
        var rows: Range<Int>
        /// The position of the first row.
        var position: Int
    }

    /// Cuts a batch into plans of at most `maximumRowCount` rows, items and positions in order.
    static func plans(for batch: ForwardBatch, maximumRowCount: Int) -> [PassPlan] {
        var plans: [PassPlan] = []
        var plan = PassPlan()
        for (index, item) in batch.items.enumerated() {
            var taken = 0
            while taken < item.tokens.count {
                if plan.tokens.count == maximumRowCount {
                    plans.append(plan)
                    plan = PassPlan()
                }
                let room = maximumRowCount - plan.tokens.count
                let end = min(item.tokens.count, taken + room)
                plan.append(item, index: index, tokens: taken..<end)
                taken = end
            }
        }
        return plan.tokens.isEmpty ? plans : plans + [plan]
    }

    private mutating func append(_ item: ForwardBatch.Item, index: Int, tokens range: Range<Int>) {
        let start = tokens.count
        let position = item.position + range.lowerBound
        tokens += item.tokens[range]
        positions += position..<position + range.count
        items.append(Segment(item: index, rows: start..<tokens.count, position: position))

        let wanted: Range<Int>
        switch item.logitRows {
        case .none: return
        case .all: wanted = start..<tokens.count
        case .last, .hidden:
            guard range.upperBound == item.tokens.count else { return }
            wanted = tokens.count - 1..<tokens.count
        }
        let wantedStart = wantedRows.count
        if item.logitRows == .hidden { hiddenPlaces.append(wantedStart) }
        wantedRows += wanted.map(Int32.init)
        wantedItems.append(
            Segment(
                item: index, rows: wantedStart..<wantedRows.count,
                position: position + wanted.lowerBound - start))
    }
}
