extension ForwardBatch {
    /// Traps where the batch asks for what `model` cannot compute.
    func checkInvariants(for model: some LanguageModel) {
        for (index, item) in items.enumerated() {
            precondition(
                (0..<model.memberCount).contains(item.member),
                "item \(index): member \(item.member) of \(model.memberCount)")
            precondition(!item.tokens.isEmpty, "item \(index): no tokens")
            precondition(item.position >= 0, "item \(index): position \(item.position)")
            let (length, overflow) = item.position.addingReportingOverflow(item.tokens.count)
            precondition(
                !overflow && length <= model.contextLength,
                "item \(index): \(item.position) + \(item.tokens.count) tokens of "
                    + "\(model.contextLength)")
            let neededPageCount = (length + model.pageSize - 1) / model.pageSize
            precondition(
                item.blockTable.count >= neededPageCount,
                "item \(index): \(item.blockTable.count) pages of \(neededPageCount)")
            for page in item.blockTable.prefix(neededPageCount) {
                precondition(
                    page >= 0 && Int(page) < model.pageCount,
                    "item \(index): page \(page) of \(model.pageCount)")
            }
            for token in item.tokens {
                precondition(
                    token >= 0 && Int(token) < model.vocabularySize,
                    "item \(index): token \(token) of \(model.vocabularySize)")
            }
        }
    }
}
