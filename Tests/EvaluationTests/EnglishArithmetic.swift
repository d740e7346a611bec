/// Solves a generated problem from its English alone, as a reader would.
struct EnglishArithmetic {
    /// The total after each sentence that changes it.
    var totals: [Int] = []

    /// `nil` where a sentence is not understood or does not come out whole.
    init?(_ question: String) {
        let sentences = question.replacing(". ", with: ".\n").split(separator: "\n")
            .map(String.init)
        guard let last = sentences.last, last.hasSuffix("?"), sentences.count >= 2 else {
            return nil
        }
        for (index, sentence) in sentences.dropLast().enumerated() {
            let numbers = sentence.matches(of: /\d+/).compactMap { Int($0.0) }
            let product = numbers.reduce(1, *)
            guard numbers.count <= 2 else { return nil }
            if index == 0 {
                guard !numbers.isEmpty else { return nil }
                totals.append(product)
                continue
            }
            let total = totals[totals.count - 1]
            if numbers.isEmpty {
                if sentence.contains(/half|Halve/) {
                    guard total.isMultiple(of: 2) else { return nil }
                    totals.append(total / 2)
                } else if sentence.contains(/twice|doubles|Double/) {
                    totals.append(total * 2)
                } else if sentence.contains(/three times|triples|Triple/) {
                    totals.append(total * 3)
                } else {
                    return nil
                }
            } else if sentence.contains(/gives away|loses|sells|uses up|donates|Subtract/) {
                totals.append(total - product)
            } else if sentence.contains(/finds|A friend gives|buys|gets|wins|Add/) {
                totals.append(total + product)
            } else {
                return nil
            }
        }
    }
}
