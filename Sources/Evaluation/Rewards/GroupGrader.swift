/// Grades groups of responses, each response once.
///
/// Trainers ask for the members of a group one by one and send the whole group every time, so that
/// a group of 8 would be graded 64 times; what was graded of late is therefore remembered. One
/// comparison is bounded by `GradingLimits`, and between two of them others get their turn: calls
/// about the same group share the work instead of doing it twice.
public actor GroupGrader {
    /// Counts the length of a text in some unit.
    public typealias LengthCounter = @Sendable (String) throws -> Int

    private let grader: Grader
    private let countLength: LengthCounter
    private var memory: VerdictMemory
    /// How many responses were compared, those remembered left out.
    public private(set) var comparisonCount = 0

    /// A grader with nothing remembered.
    ///
    /// - Parameters:
    ///   - grader: Compares answers.
    ///   - memoryByteCount: Bytes of text that may be remembered.
    ///   - countLength: Counts the length of responses that come without one.
    public init(
        grader: Grader = Grader(), memoryByteCount: Int = 64 << 20,
        countLength: @escaping LengthCounter
    ) {
        self.grader = grader
        self.countLength = countLength
        memory = VerdictMemory(byteCount: memoryByteCount)
    }

    /// Grades a group.
    ///
    /// - Parameters:
    ///   - group: The responses and the right answer.
    ///   - mode: How strictly a response must mark its answer.
    /// - Throws: What counting throws, or `CancellationError`; what was graded is remembered.
    /// - Returns: Verdicts and lengths.
    public func grade(
        _ group: ResponseGroup, mode: AnswerExtractor.Mode
    ) async throws -> GradedGroup {
        var isCorrect: [Bool] = []
        var lengths: [Int] = []
        for response in group.responses {
            let key = VerdictMemory.Key(answer: group.answer, text: response.text, mode: mode)
            var known = memory[key] ?? VerdictMemory.Entry()
            var isNew = false
            if response.isFinished, known.isCorrect == nil {
                comparisonCount += 1
                known.isCorrect = matches(response.text, group.answer, mode)
                isNew = true
            }
            if response.length == nil, known.length == nil {
                known.length = try countLength(response.text)
                isNew = true
            }
            isCorrect.append(response.isFinished && known.isCorrect == true)
            lengths.append(response.length ?? known.length ?? 0)
            guard isNew else { continue }
            memory[key] = known
            try Task.checkCancellation()
            await Task.yield()
        }
        return GradedGroup(isCorrect: isCorrect, lengths: lengths)
    }

    private func matches(
        _ text: String, _ answer: String, _ mode: AnswerExtractor.Mode
    ) -> Bool {
        guard let found = AnswerExtractor.answer(in: text, mode: mode) else { return false }
        return grader.grade(found, against: answer).isEqual
    }
}
