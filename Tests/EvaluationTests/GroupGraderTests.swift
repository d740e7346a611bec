import Evaluation
import Testing

@Suite("Grading of groups")
struct GroupGraderTests {
    /// Lengths, verdicts, alpha and the rewards that the paper's arithmetic gives.
    struct Vector: Sendable {
        var lengths: [Int]
        var isCorrect: [Bool]
        var alpha: Double
        var rewards: [Double]
    }

    static let vectors = [
        Vector(
            lengths: [256, 128, 512], isCorrect: [true, false, true], alpha: 0.2,
            rewards: [0.946212, 0, 0.853788]),
        Vector(
            lengths: [100, 200, 300, 400], isCorrect: [true, true, true, false], alpha: 0.1,
            rewards: [0.97729, 0.95, 0.92271, 0]),
        Vector(lengths: [100, 200], isCorrect: [true, false], alpha: 0.4, rewards: [0.8, 0]),
        Vector(
            lengths: Array(stride(from: 100, through: 800, by: 100)),
            isCorrect: [true, true, true, true, false, false, true, true], alpha: 0.1,
            rewards: [0.977639, 0.970091, 0.961268, 0.951637, 0, 0, 0.924718, 0.918142]),
    ]

    private static func right(_ note: String = "") -> String { "\(note)</think>\\boxed{4}" }
    private static func wrong(_ note: String = "") -> String { "\(note)</think>\\boxed{5}" }

    // The expected numbers have six digits, and the advantages were made from such.
    private func close(_ one: [Double], _ other: [Double]) -> Bool {
        one.count == other.count && zip(one, other).allSatisfy { abs($0 - $1) < 2e-6 }
    }

    @Test("The vectors of the paper's arithmetic come out", arguments: vectors)
    func vector(_ vector: Vector) async throws {
        let responses = zip(vector.lengths, vector.isCorrect).map { length, isCorrect in
            ResponseGroup.Response(
                text: isCorrect ? Self.right() : Self.wrong(), length: length, isFinished: true)
        }
        let graded = try await GroupGrader { _ in 0 }.grade(
            ResponseGroup(answer: "4", responses: responses), mode: .training)
        #expect(graded.isCorrect == vector.isCorrect)
        #expect(graded.lengths == vector.lengths)
        #expect(close(graded.rewards(alpha: vector.alpha), vector.rewards))
    }

    @Test("The advantages of the last vector are those of leave-one-out")
    func advantages() {
        let vector = Self.vectors[3]
        let graded = GradedGroup(isCorrect: vector.isCorrect, lengths: vector.lengths)
        let advantages = graded.advantages(of: graded.rewards(alpha: 0.1)).compactMap(\.self)
        let expected = [
            0.302517, 0.29389, 0.283807, 0.2728, -0.814785, -0.814785, 0.242036, 0.23452,
        ]
        #expect(close(advantages, expected))
    }

    @Test("A response without others has no advantage")
    func lone() {
        #expect(GradedGroup(isCorrect: [true], lengths: [5]).advantages(of: [0.9]) == [nil])
    }

    @Test("What was cut off is wrong and does not shift the mean")
    func cutOff() async throws {
        let responses = [(100, true), (200, true), (9_000, false)].map {
            ResponseGroup.Response(text: Self.right("\($0.0)"), length: $0.0, isFinished: $0.1)
        }
        let graded = try await GroupGrader { _ in 0 }.grade(
            ResponseGroup(answer: "4", responses: responses), mode: .training)
        #expect(graded.isCorrect == [true, true, false])
        let alone = GradedGroup(isCorrect: [true, true], lengths: [100, 200])
        #expect(graded.rewards(alpha: 0.2) == alone.rewards(alpha: 0.2) + [0])
    }

    @Test("Lengths that are not given are counted")
    func counted() async throws {
        let responses = [Self.right("ab"), Self.right("abcd")].map {
            ResponseGroup.Response(text: $0, isFinished: true)
        }
        let graded = try await GroupGrader { $0.utf8.count }.grade(
            ResponseGroup(answer: "4", responses: responses), mode: .training)
        #expect(graded.lengths == responses.map(\.text.utf8.count))
    }

    @Test("A group that is asked about by each of its members is compared once")
    func remembered() async throws {
        let group = ResponseGroup(
            answer: "4",
            responses: (0..<8).map {
                ResponseGroup.Response(text: Self.right("\($0)"), isFinished: $0 > 0)
            })
        let grader = GroupGrader { $0.utf8.count }
        try await withThrowingTaskGroup(of: GradedGroup.self) { tasks in
            for _ in 0..<8 {
                tasks.addTask { try await grader.grade(group, mode: .training) }
            }
            for try await graded in tasks {
                #expect(graded.accuracy == [0, 1, 1, 1, 1, 1, 1, 1])
            }
        }
        #expect(await grader.comparisonCount == 7)
    }

    @Test("What is remembered under one answer or rule says nothing about another")
    func keyed() async throws {
        let grader = GroupGrader { _ in 0 }
        let response = ResponseGroup.Response(text: "so \\boxed{4}", isFinished: true)
        for (answer, mode, isCorrect) in [
            ("4", AnswerExtractor.Mode.evaluation, true), ("4", .training, false),
            ("5", .evaluation, false), ("4", .evaluation, true),
        ] {
            let graded = try await grader.grade(
                ResponseGroup(answer: answer, responses: [response]), mode: mode)
            #expect(graded.isCorrect == [isCorrect])
        }
    }

    @Test("Memory is bounded: what does not fit is compared again, with the same verdict")
    func forgotten() async throws {
        let grader = GroupGrader(memoryByteCount: 4_096) { $0.utf8.count }
        for _ in 0..<2 {
            for note in 0..<100 {
                let text = Self.right("\(note)" + String(repeating: "x", count: 500))
                let graded = try await grader.grade(
                    ResponseGroup(
                        answer: "4",
                        responses: [ResponseGroup.Response(text: text, isFinished: true)]),
                    mode: .training)
                #expect(graded.isCorrect == [true])
            }
        }
        #expect(await grader.comparisonCount == 200)
    }

    @Test("A cancelled grading stops")
    func cancelled() async {
        let group = ResponseGroup(
            answer: "4",
            responses: (0..<1_000).map {
                ResponseGroup.Response(text: Self.right("\($0)"), isFinished: true)
            })
        let grader = GroupGrader { _ in 0 }
        let task = Task { try await grader.grade(group, mode: .training) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await grader.comparisonCount < 1_000)
    }
}
