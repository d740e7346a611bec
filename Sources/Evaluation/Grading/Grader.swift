/// Decides whether two written answers mean the same.
///
/// Grading is a pure function of the two texts, the policy and the limits: it never throws or
/// traps, and gives the same verdict on every machine.
public struct Grader: Sendable {
    /// What counts as equal where mathematics leaves a choice.
    public let policy: GradingPolicy

    /// How much work one comparison may cost.
    public let limits: GradingLimits

    /// Makes a grader.
    ///
    /// - Parameters:
    ///   - policy: What counts as equal where mathematics leaves a choice.
    ///   - limits: How much work one comparison may cost.
    public init(policy: GradingPolicy = GradingPolicy(), limits: GradingLimits = GradingLimits()) {
        self.policy = policy
        self.limits = limits
    }

    /// Compares a model's answer with the right one.
    ///
    /// - Parameters:
    ///   - prediction: The model's answer, as extracted: LaTeX or plain text.
    ///   - gold: The right answer, in the same notations.
    /// - Returns: Whether they are equal and by which rule.
    public func grade(_ prediction: String, against gold: String) -> Verdict {
        guard max(prediction.utf8.count, gold.utf8.count) <= limits.maximumByteCount else {
            return prediction == gold ? .equal(by: .text) : .undecided
        }
        let (lexemes, goldLexemes) = (
            MathLexer.tokens(of: prediction), MathLexer.tokens(of: gold)
        )
        guard !lexemes.isEmpty, !goldLexemes.isEmpty else { return .undecided }
        if lexemes.map(\.token) == goldLexemes.map(\.token) { return .equal(by: .text) }
        if let verdict = choiceVerdict(lexemes, goldLexemes) { return verdict }
        if NumberWords.value(of: gold) == nil,
            let verdict = proseVerdict(lexemes, goldLexemes)
        {
            return verdict
        }
        var comparison = AnswerComparison(
            policy: policy, meter: WorkMeter(steps: limits.maximumStepCount))
        do {
            let tree = try parse(prediction, lexemes, meter: &comparison.meter)
            let goldTree = try parse(gold, goldLexemes, meter: &comparison.meter)
            return try comparison.verdict(tree, goldTree)
        } catch {
            return .undecided
        }
    }

    private func parse(
        _ text: String, _ lexemes: [Lexeme], meter: inout WorkMeter
    ) throws(MathFailure) -> MathNode {
        if let number = NumberWords.value(of: text) {
            let size = MathNode.number(NumberLiteral(whole: Array(String(abs(number)).utf8)))
            return number < 0 ? .negative(size) : size
        }
        return try MathParser.parse(lexemes, limits: limits, meter: &meter)
    }

    /// Compares letters of a multiple-choice question; nil where the right answer is not one.
    private func choiceVerdict(_ lexemes: [Lexeme], _ gold: [Lexeme]) -> Verdict? {
        let isLetter = ChoiceLetter.only(in: lexemes) != nil
        let letter =
            ChoiceLetter.only(in: gold) ?? (isLetter ? ChoiceLetter.leading(in: gold) : nil)
        guard let letter else { return nil }
        let found = ChoiceLetter.only(in: lexemes) ?? ChoiceLetter.leading(in: lexemes)
        guard let found else { return nil }
        return found.uppercased() == letter.uppercased() ? .equal(by: .choice) : .different
    }

    /// Compares answers in words; nil where the right answer is not one.
    private func proseVerdict(_ lexemes: [Lexeme], _ gold: [Lexeme]) -> Verdict? {
        guard let words = prose(gold) else { return nil }
        guard let found = prose(lexemes) else { return .different }
        return found == words ? .equal(by: .text) : .different
    }

    /// The letters of an answer that holds a word and no mathematics.
    private func prose(_ lexemes: [Lexeme]) -> String? {
        var text = ""
        var hasWord = false
        for lexeme in lexemes {
            switch lexeme.token {
            case .word(let word):
                text += word
                hasWord = true
            case .letter(let letter): text += letter.lowercased()
            case .openGroup, .closeGroup, .sign(","), .sign("-"), .sign("("), .sign(")"): break
            default: return nil
            }
        }
        return hasWord ? text : nil
    }
}
