/// Finds the right answer in a row of a data set.
public enum GoldAnswer {
    /// The answer of an `answer` column.
    ///
    /// - Parameter text: The answer alone, or a solution that boxes it or ends in `#### answer`.
    /// - Returns: The answer alone; nil where there is none.
    public static func inAnswer(_ text: String) -> String? {
        marked(in: text) ?? nonEmpty(Array(text.utf8)[...])
    }

    /// The answer of a `solution` column.
    ///
    /// - Parameter text: A worked solution.
    /// - Returns: The answer behind `####` or in the last box, else what the extractor finds; nil
    ///   where there is none.
    public static func inSolution(_ text: String) -> String? {
        marked(in: text) ?? AnswerExtractor.answer(in: text)
    }

    private static func marked(in text: String) -> String? {
        let bytes = Array(text.utf8)[...]
        if bytes.lastEnd(of: "\\boxed") != nil { return AnswerExtractor.answer(in: text) }
        return bytes.lastEnd(of: "####").flatMap { nonEmpty(bytes[$0...]) }
    }

    private static func nonEmpty(_ bytes: ArraySlice<UInt8>) -> String? {
        let trimmed = bytes.trimmingBlanks()
        return trimmed.isEmpty ? nil : String(decoding: trimmed, as: UTF8.self)
    }
}
