/// Some of a batch's rows, for one of several threads.
struct BatchPart {
    /// Items, or the pieces of them that are here.
    var batch = ForwardBatch(items: [])
    /// Whether the first item's beginning is in the part before.
    var continues = false

    fileprivate mutating func append(_ tokens: Range<Int>, of item: ForwardBatch.Item) {
        batch.items.append(item.piece(tokens))
        if tokens.lowerBound > 0 { continues = true }
    }
}

extension ForwardBatch {
    /// Cuts the batch into at most `count` parts of about equal work, items in order.
    ///
    ///     items    [ 0: 300 tokens                 | 1 | 2 | 3: 40 ]
    ///     parts    [ 0: 176 tokens ]  [ 0: the rest | 1 | 2 | 3: 40 ]
    ///
    /// Long items are cut between two of their pages, so that no page has two writers. What an item
    /// wants of its last position stays with its last piece.
    ///
    /// - Parameters:
    ///   - count: How many parts there may be, at least 1.
    ///   - pageSize: Tokens of a page.
    ///   - work: What some tokens take, from a position of their sequence on, at least 1.
    /// - Returns: Parts that have items.
    func parts(
        _ count: Int, pageSize: Int, work: (_ tokens: Int, _ position: Int) -> Int
    ) -> [BatchPart] {
        let total = items.reduce(0) { $0 + work($1.tokens.count, $1.position) }
        var parts = [BatchPart](repeating: BatchPart(), count: count)
        var before = 0
        for item in items {
            var piece = 0..<0
            var place = 0
            while piece.upperBound < item.tokens.count {
                // A page goes where its middle lies.
                let start = piece.upperBound
                let end = item.pageEnd(start, pageSize)
                let share = work(end - start, item.position + start)
                let next = min(count - 1, (2 * before + share) * count / (2 * total))
                if next != place, !piece.isEmpty {
                    parts[place].append(piece, of: item)
                    piece = start..<end
                } else {
                    piece = piece.lowerBound..<end
                }
                place = next
                before += share
            }
            parts[place].append(piece, of: item)
        }
        return parts.filter { !$0.batch.items.isEmpty }
    }

    /// Its tokens, all items together.
    var rowCount: Int { items.reduce(0) { $0 + $1.tokens.count } }

    /// The batch in pieces of neighbours that have the same member.
    var byMember: [ForwardBatch] {
        guard let first = items.first else { return [] }
        guard items.contains(where: { $0.member != first.member }) else { return [self] }
        var batches: [ForwardBatch] = []
        for item in items {
            if let last = batches.indices.last, batches[last].items[0].member == item.member {
                batches[last].items.append(item)
            } else {
                batches.append(ForwardBatch(items: [item]))
            }
        }
        return batches
    }
}

extension ModelConfig {
    /// What some tokens of a sequence take in a layer, from a position on, in multiplications of
    /// products with weights.
    ///
    /// - Parameters:
    ///   - tokens: How many.
    ///   - position: Of the first.
    ///   - productRate: How many of those go in the time of one of attention's, which are of f32.
    /// - Returns: At least 1.
    func work(tokens: Int, position: Int, productRate: Int) -> Int {
        let attention = 2 * queryWidth * (position + (tokens + 1) / 2)
        let products =
            hiddenSize * (2 * queryWidth + 2 * keyValueWidth + 3 * intermediateSize)
        return tokens * (productRate * attention + products)
    }
}

extension ForwardBatch.Item {
    /// The first token behind that is written to another page than `token`.
    fileprivate func pageEnd(_ token: Int, _ pageSize: Int) -> Int {
        min(tokens.count, ((position + token) / pageSize + 1) * pageSize - position)
    }

    /// The pass over some of the tokens, where others compute those before them.
    fileprivate func piece(_ range: Range<Int>) -> Self {
        guard range.count < tokens.count else { return self }
        var piece = self
        piece.tokens = Array(tokens[range])
        piece.position += range.lowerBound
        if range.upperBound < tokens.count, logitRows != .all { piece.logitRows = .none }
        return piece
    }
}
