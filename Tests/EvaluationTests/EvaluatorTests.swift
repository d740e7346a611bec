import Foundation
import Testing

@testable import Evaluation

@Suite struct EvaluatorTests {
    private func evaluate(
        _ source: ScriptedSource, _ problems: [Problem], samples: Int = 3, concurrency: Int = 5,
        members: [String]? = nil, log: SampleLog? = nil, seed: UInt64 = 1
    ) async throws -> Evaluator.Outcome {
        var settings = EvaluationSettings()
        settings.seed = seed
        let evaluator = Evaluator(
            source: source, settings: settings, concurrency: concurrency, grade: judge)
        return try await evaluator.run(
            problems, members: members, samples: samples, log: log, progress: { _ in })
    }

    @Test("every member gets every problem so many times, in the order of the report")
    func coverage() async throws {
        let source = ScriptedSource.varied()
        let outcome = try await evaluate(source, problems(9))
        let expected = ["alpha_0", "alpha_0.2"].flatMap { member in
            problems(9).flatMap { problem in
                (0..<3).map { SampleRecord.Key(member: member, problem: problem.id, sample: $0) }
            }
        }
        #expect(outcome.records.map(\.key) == expected)
        #expect(outcome.isComplete)
        #expect(source.record.asked.count == 54)
        #expect(
            source.record.asked.allSatisfy {
                $0.prompt.contains("within \\boxed{}. Question: What is 1")
            })
    }

    @Test("neither concurrency nor the order of arrival nor the order of problems changes a sample")
    func orderIndependence() async throws {
        let steady = try await evaluate(.varied(), problems(20), concurrency: 1)
        let jumbled = try await evaluate(
            .varied { .microseconds(Int($0 % 3000)) }, problems(20).reversed(), concurrency: 16)
        let byKey = { (outcome: Evaluator.Outcome) in
            Dictionary(uniqueKeysWithValues: outcome.records.map { ($0.key, $0) })
        }
        #expect(byKey(steady) == byKey(jumbled))
        #expect(Summary(steady.records.filter { $0.key.member == "alpha_0" }).accuracy > 0)
    }

    @Test("a sample's seed depends on seed, problem and number, and not on the member")
    func seeds() async throws {
        let source = ScriptedSource.varied()
        _ = try await evaluate(source, problems(30))
        let asked = Set(source.record.asked.map(\.seed))
        #expect(asked.count == 90)
        #expect(asked.allSatisfy { $0 < 1 << 53 })
        let other = ScriptedSource.varied()
        _ = try await evaluate(other, problems(30), seed: 2)
        #expect(asked.isDisjoint(with: other.record.asked.map(\.seed)))
        // Fewer samples of fewer problems are the same samples.
        let fewer = ScriptedSource.varied()
        _ = try await evaluate(fewer, problems(3), samples: 1)
        #expect(asked.isSuperset(of: fewer.record.asked.map(\.seed)))
    }

    @Test("no more questions are open than allowed, and as many as allowed", arguments: [1, 4, 13])
    func concurrency(allowed: Int) async throws {
        // Long enough that all of a wave have begun before the first ends, on a busy machine too.
        let source = ScriptedSource.varied { _ in .milliseconds(allowed == 1 ? 1 : 250) }
        _ = try await evaluate(source, problems(12), samples: 1, concurrency: allowed)
        #expect(source.record.mostOpen == allowed)
    }

    @Test(
        "a response that was cut off is wrong, whatever it says",
        arguments: [
            Response.Finish.length, .refused,
        ])
    func truncation(finish: Response.Finish) async throws {
        let source = ScriptedSource { prompt, _, _ in
            Response(text: "\\boxed{\(prompt.suffix(3))}", finish: finish, completionTokens: 9)
        }
        let outcome = try await evaluate(source, problems(2))
        #expect(outcome.records.allSatisfy { !$0.isCorrect && $0.answer == nil })
        let whole = ScriptedSource { prompt, _, _ in
            Response(text: "\\boxed{\(prompt.suffix(3))}", finish: .stop, completionTokens: 9)
        }
        #expect(try await evaluate(whole, problems(2)).records.allSatisfy { $0.isCorrect })
    }

    @Test("the answer may stand in the thought, but what follows it is read last")
    func gradedText() {
        #expect(Response(text: "b", finish: .stop).gradedText == "b")
        #expect(
            Response(reasoning: "a", text: "b", finish: .stop).gradedText == "a\n</think>\nb")
    }

    @Test("members are chosen by name, and an unknown one is refused with the known ones")
    func members() async throws {
        let source = ScriptedSource.varied()
        let outcome = try await evaluate(source, problems(2), members: ["alpha_0.2"])
        #expect(Set(outcome.records.map(\.key.member)) == ["alpha_0.2"])
        await #expect(
            throws: EvaluationError.unknownMember(asked: "x", known: ["alpha_0", "alpha_0.2"])
        ) {
            try await evaluate(source, problems(2), members: ["x"])
        }
    }

    @Test("the first refusal ends the evaluation and is told with member and problem")
    func refusal() async throws {
        let source = ScriptedSource { prompt, _, _ throws(ResponseError) in
            if prompt.hasSuffix("103") { throw .refused("no template") }
            return Response(text: "", finish: .stop)
        }
        await #expect(
            throws: EvaluationError.refused(
                member: "alpha_0", problem: "p3", reason: "no template")
        ) {
            try await evaluate(source, problems(500), concurrency: 1)
        }
        #expect(source.record.asked.count < 100)
    }

    @Test("cancelling ends it with the samples that are there, which the log holds too")
    func cancellation() async throws {
        let file = TemporaryFile()
        let path = file.path
        let source = ScriptedSource.varied { _ in .milliseconds(5) }
        let work = Task {
            let log = try SampleLog(path: path, settings: EvaluationSettings())
            let evaluator = Evaluator(
                source: source, settings: EvaluationSettings(), concurrency: 4, grade: judge)
            return try await evaluator.run(
                problems(1000), samples: 1, log: log, progress: { _ in })
        }
        while source.record.asked.count < 20 { try await Task.sleep(for: .milliseconds(1)) }
        work.cancel()
        let outcome = try await work.value
        #expect(!outcome.isComplete)
        #expect(outcome.records.count >= 16 && outcome.records.count < 1000)
        #expect(file.bytes.count { $0 == 0x0A } == outcome.records.count)
    }

    @Test("progress counts up to the total and never beyond")
    func progress() async throws {
        let evaluator = Evaluator(
            source: ScriptedSource.varied(), settings: EvaluationSettings(), concurrency: 3,
            grade: judge)
        var seen: [Evaluator.Progress] = []
        let outcome = try await evaluator.run(
            problems(5), samples: 2, log: nil, progress: { seen.append($0) })
        #expect(seen.map(\.done) == Array(0...20))
        let last = try #require(seen.last)
        #expect(last.correct == outcome.records.count { $0.isCorrect })
        #expect(last.tokens == outcome.records.reduce(0) { $0 + $1.response.completionTokens })
    }
}
