/// The rule for models whose form of answer is their trainer's: nothing but that form counts.
///
/// A lenient rule would be found out by reinforcement learning: two boxes, or a box in the thought,
/// must not win.
public enum StrictGrading {
    /// Whether a response has one end of thought, one box, behind it, and in the box the answer.
    ///
    /// - Parameters:
    ///   - response: All of it, from behind `<think>`.
    ///   - answer: Compared as text.
    /// - Returns: The verdict.
    public static func isCorrect(_ response: String, answer: String) -> Bool {
        let parts = response.split(separator: "</think>", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].contains("\\boxed") else { return false }
        let boxes = parts[1].split(separator: "\\boxed", omittingEmptySubsequences: false)
        return boxes.count == 2 && boxes[1].hasPrefix("{\(answer)}")
    }
}
