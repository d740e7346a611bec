import Foundation
import Routing
import TestSupport
import Testing

@testable import Evaluation

@Suite struct CalibrationTests {
    /// Questions whose answers take about as long as they have numbers.
    static func example(_ group: Int, _ generator: inout SeededGenerator) -> PredictorFit.Example {
        let numbers = Int.random(in: 1...12, using: &generator)
        let text = (0..<numbers).map { _ in "add \(Int.random(in: 1...99, using: &generator))" }
            .joined(separator: ", ")
        let noise = (0..<12).reduce(-6.0) { sum, _ in sum + .random(in: 0..<1, using: &generator) }
        // Longer ones vary more, and are wrong more often.
        let spread = 0.05 + 0.02 * Double(numbers)
        return PredictorFit.Example(
            group: group, features: PromptFeatures.values(of: text),
            tokens: max(1, Int(exp(3 + 0.2 * Double(numbers) + spread * noise))),
            isCorrect: Double.random(in: 0..<1, using: &generator) > Double(numbers) / 20)
    }

    private static func predictor(of examples: [PredictorFit.Example]) -> Predictor? {
        CrossFit.results(
            of: examples, textCount: PromptFeatures.names.count, closings: [])?.text.predictor
    }

    @Test func `nine tenths of fresh answers keep the fitted p90, of the long ones too`() throws {
        var generator = SeededGenerator(seed: 8)
        let fitted = (0..<900).map { Self.example($0, &generator) }
        let predictor = try #require(Self.predictor(of: fitted))
        #expect(predictor.isWellFormed)
        var (kept, longKept, long, error) = (0, 0, 0, 0.0)
        let fresh = (0..<3000).map { Self.example($0, &generator) }
        for example in fresh {
            let forecast = try #require(predictor.forecast(example.features))
            let isKept = example.tokens <= forecast.quantile(0.9)
            kept += isKept ? 1 : 0
            if example.features[5] > 8 {
                long += 1
                longKept += isKept ? 1 : 0
            }
            error += forecast.accuracy - (1 - example.features[5] / 20)
        }
        #expect((0.88...0.92).contains(Double(kept) / 3000), "\(kept)")
        #expect((0.83...0.95).contains(Double(longKept) / Double(long)), "\(longKept) of \(long)")
        #expect(abs(error / 3000) < 0.03)
    }

    @Test func `too few groups, or one outcome, break nothing`() throws {
        var generator = SeededGenerator(seed: 9)
        let few = (0..<4).map { Self.example($0, &generator) }
        #expect(Self.predictor(of: few) == nil)
        let same = (0..<40).map { group in
            PredictorFit.Example(
                group: group, features: PromptFeatures.values(of: "1"), tokens: 7, isCorrect: false)
        }
        let predictor = try #require(Self.predictor(of: same))
        #expect(predictor.isWellFormed)
        let forecast = try #require(predictor.forecast(PromptFeatures.values(of: "1")))
        #expect((6...9).contains(forecast.quantile(0.9)))
        #expect(forecast.accuracy < 0.2)
    }

    static func record(
        _ problem: String, _ member: String, tokens: Int, thought: Int, isCorrect: Bool,
        finish: Response.Finish = .stop
    ) -> SampleRecord {
        let task = Problem(id: problem, question: "1+1", answer: "2", difficulty: .tier("easy"))
        return SampleRecord(
            key: .init(member: member, problem: problem, sample: 0), problem: task, origin: "o",
            seed: 1,
            response: Response(
                text: "2", finish: finish, promptTokens: 3, completionTokens: tokens,
                reasoningTokens: thought),
            judgement: Judgement(answer: "2", isCorrect: isCorrect))
    }

    @Test func `a profile tells accuracy, tokens and what ceilings leave`() throws {
        let problems = (0..<10).map {
            Problem(id: "p\($0)", question: "\($0)+1", answer: "2", difficulty: .tier("easy"))
        }
        let free = problems.map {
            Self.record($0.id, "m", tokens: 30, thought: 20, isCorrect: true)
        }
        let capped = problems.enumerated().map { index, problem in
            Self.record(problem.id, "m", tokens: 12, thought: 10, isCorrect: index < 4)
        }
        let calibration = Calibration(
            problems: problems, settings: EvaluationSettings(), uncapped: free,
            capped: [
                .init(
                    member: "m", difficulty: "easy", share: 0.5, reasoningTokens: 10,
                    records: capped)
            ])
        let member = calibration.profiled(.init(id: "m", path: "m", alpha: 0.1))
        let level = try #require(member.profile?.first)
        #expect(level.accuracy == 1)
        #expect(level.reasoningTokens.p50 == 20)
        #expect(level.answerTokens.least == 10)
        #expect(
            level.caps == [.init(reasoningTokens: 10, share: 0.5, accuracy: 0.4, closed: 1)])
        let found = try #require(calibration.predictors(of: "m", probe: nil))
        #expect(found.text.predictor.closings == [.init(share: 0.4, accuracy: 0.4)])
        #expect(found.probe == nil)
    }

    @Test func `a replay's oracle is never beaten, and mixtures of members are on its line`() {
        var records: [SampleRecord] = []
        for index in 0..<100 {
            records.append(
                Self.record("p\(index)", "short", tokens: 10, thought: 5, isCorrect: index < 40))
            records.append(
                Self.record("p\(index)", "long", tokens: 30, thought: 5, isCorrect: index >= 20))
        }
        let replay = PolicyReplay(records, members: ["short", "long"], ceiling: 25)
        #expect(replay.fixed("short").accuracy == 0.4)
        #expect(replay.fixed("long").overruns == 100)
        #expect(replay.oracle.accuracy == 1)
        #expect(replay.oracle.tokens == 22)
        #expect(abs(replay.random.accuracy - 0.6) < 1e-12)
        #expect(
            abs((PolicyReplay.accuracy(atMeanTokens: 20, mixing: replay.fixedRows) ?? 0) - 0.6)
                < 1e-12)
        #expect(PolicyReplay.accuracy(atMeanTokens: 9, mixing: replay.fixedRows) == nil)
        let choices = Dictionary(
            uniqueKeysWithValues: (0..<100).map { ("p\($0)", $0 < 40 ? "short" : "long") })
        #expect(replay.routed("router", choices).accuracy == 1)
    }
}
