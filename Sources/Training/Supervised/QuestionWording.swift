public import Evaluation

/// How a question is put to a model: alone, or behind the instruction that evaluations give.
public struct QuestionWording: Sendable, Equatable {
    /// The message, with `{QUESTION}` where the question goes.
    public var template: String
    /// How many of a hundred questions go through `template`; the others stand alone.
    public var percent: Int
    /// Which of them follow from it.
    public var seed: UInt64

    /// A wording; the template is the paper's.
    public init(
        template: String = EvaluationSettings().promptTemplate, percent: Int, seed: UInt64
    ) {
        self.template = template
        self.percent = percent
        self.seed = seed
    }

    /// The message that asks a question.
    ///
    /// - Parameters:
    ///   - question: What is asked.
    ///   - index: Its place in its list.
    /// - Returns: The same for the same arguments.
    public func message(for question: String, index: UInt64) -> String {
        var random = RandomSource(seed: seed, purpose: "wording", index: index)
        guard random.happens(percent: percent) else { return question }
        return template.replacing(EvaluationSettings.placeholder, with: question)
    }
}
