import Foundation
import Routing
import TestSupport
import Testing

@testable import Evaluation

/// What calibration makes of hidden states.
@Suite struct ProbeFitTests {
    private static let textCount = 3

    /// Questions whose text tells half of their length, the rest standing in the first of two
    /// features of the probe, times `clarity`.
    private static func examples(
        _ count: Int, clarity: Double, from first: Int = 0, _ generator: inout SeededGenerator
    ) -> [PredictorFit.Example] {
        (0..<count).map { index in
            let seen = Double.random(in: -1...1, using: &generator)
            let hidden = Double.random(in: -1...1, using: &generator)
            let noise = (0..<6).reduce(0.0) { sum, _ in
                sum + .random(in: -0.1...0.1, using: &generator)
            }
            let odds = 2 - 2 * (seen + clarity * hidden)
            return PredictorFit.Example(
                group: first + index,
                features: [
                    1, seen, .random(in: -1...1, using: &generator), hidden,
                    .random(in: -1...1, using: &generator),
                ],
                tokens: Int(exp(4 + seen + clarity * hidden + noise)),
                isCorrect: Double.random(in: 0..<1, using: &generator) < 1 / (1 + exp(-odds)))
        }
    }

    private static func fit(
        _ examples: [PredictorFit.Example]
    ) -> (text: CrossFit.Result, probe: CrossFit.Result?)? {
        CrossFit.results(of: examples, textCount: textCount, closings: [])
    }

    @Test func `a hidden state that tells something makes forecasts better, and they hold`() throws
    {
        var generator = SeededGenerator(seed: 21)
        let found = try #require(Self.fit(Self.examples(900, clarity: 1, &generator)))
        let probe = try #require(found.probe)
        #expect(probe.probeFeatures == 2 && probe.predictor.isWellFormed)
        #expect(probe.quality.pinball < 0.6 * found.text.quality.pinball)
        #expect(probe.quality.rankCorrelation > found.text.quality.rankCorrelation + 0.2)
        #expect((0.88...0.92).contains(probe.quality.coverage))
        let fresh = Self.examples(3000, clarity: 1, from: 900, &generator)
        for predictor in [found.text.predictor, probe.predictor] {
            let count = predictor.means.count
            let quality = ForecastQuality(
                try fresh.map { example in
                    .init(
                        forecast: try #require(
                            predictor.forecast(Array(example.features.prefix(count)))),
                        tokens: example.tokens, isCorrect: example.isCorrect)
                })
            #expect((0.88...0.92).contains(quality.coverage), "\(quality)")
            #expect(quality.accuracyError < 0.05)
        }
    }

    @Test func `a hidden state that tells nothing is left out`() throws {
        for seed in 1...6 as ClosedRange<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let found = try #require(Self.fit(Self.examples(300, clarity: 0, &generator)))
            #expect(found.probe == nil)
            #expect(found.text.predictor.means.count == Self.textCount)
        }
    }

    @Test func `the same measurements make the same predictors`() throws {
        var (one, other) = (SeededGenerator(seed: 4), SeededGenerator(seed: 4))
        let first = try #require(Self.fit(Self.examples(200, clarity: 1, &one)))
        let second = try #require(Self.fit(Self.examples(200, clarity: 1, &other)))
        #expect(first.text.predictor == second.text.predictor)
        #expect(first.probe?.predictor == second.probe?.predictor)
        #expect(first.probe != nil)
    }

    @Test func `short answers are covered as often as long ones`() throws {
        var generator = SeededGenerator(seed: 6)
        // Three to fifteen tokens: rounding is what matters.
        func draw(_ first: Int, _ count: Int) -> [PredictorFit.Example] {
            (0..<count).map { index in
                let seen = Double.random(in: 0...1, using: &generator)
                let noise = (0..<4).reduce(0.0) { sum, _ in
                    sum + .random(in: -0.5...0.5, using: &generator)
                }
                return PredictorFit.Example(
                    group: first + index, features: [1, seen, 0],
                    tokens: Int((4 + 10 * seen + noise).rounded()), isCorrect: true)
            }
        }
        let predictor = try #require(Self.fit(draw(0, 900))).text.predictor
        let fresh = draw(900, 4000)
        let kept = try fresh.count { example in
            let forecast = try #require(predictor.forecast(example.features))
            return example.tokens <= forecast.quantile(0.9)
        }
        #expect((0.88...0.92).contains(Double(kept) / 4000), "\(kept)")
    }

    @Test func `the directions are those that the vectors differ in`() {
        var generator = SeededGenerator(seed: 9)
        // Two hidden causes in eight numbers of very different size, and one that never varies.
        let vectors = (0..<300).map { _ -> [Float] in
            let causes = (0..<2).map { _ in Float.random(in: -1...1, using: &generator) }
            return (0..<8).map { index in
                let noise = Float.random(in: -0.01...0.01, using: &generator)
                let scale = Float(index < 4 ? 1 : 100)
                return scale * (causes[index % 2 == 0 ? 0 : 1] + noise) + 7
            } + [3]
        }
        let directions = PrincipalDirections.directions(of: vectors, count: 2)
        #expect(directions == PrincipalDirections.directions(of: vectors, count: 2))
        #expect(directions.count == 2 && directions.allSatisfy { $0.count == 9 && $0[8] == 0 })
        let probe = Probe(member: "m", directions: directions)
        // Two features tell every number.
        let rows = vectors.map { [1] + (probe.features(of: $0) ?? []) }
        for index in 0..<8 {
            let values = vectors.map { Double($0[index]) }
            let weights = NormalEquations.leastSquares(
                rows, values, ridges: [1e-9, 1e-9, 1e-9])
            let misses = zip(rows, values).map { $1 - NormalEquations.product(weights, $0) }
            #expect(Statistics.deviation(misses) < 0.05 * Statistics.deviation(values))
        }
        #expect(PrincipalDirections.directions(of: vectors, count: 50).count <= 9)
        #expect(PrincipalDirections.directions(of: [vectors[0]], count: 3).isEmpty)
        #expect(PrincipalDirections.directions(of: [[1, 2], [1, 2]], count: 2).isEmpty)
        #expect(probe.features(of: [1, 2]) == nil)
    }

    @Test func `a family is written with a probe that some member gains by, or with none`() throws {
        var generator = SeededGenerator(seed: 30)
        let problems = (0..<200).map {
            Problem(id: "p\($0)", question: "\($0 % 7)+1", answer: "2", difficulty: .tier("easy"))
        }
        var states: [String: [[Float]]] = [:]
        var records: [SampleRecord] = []
        for problem in problems {
            let work = Float.random(in: 0...2, using: &generator)
            states[problem.id] = (0..<2).map { _ in
                [work] + (0..<5).map { _ in .random(in: -1...1, using: &generator) }
            }
            for (member, share) in [("steady", Float(0)), ("keen", 1)] {
                let noise = Float.random(in: -0.2...0.2, using: &generator)
                records.append(
                    CalibrationTests.record(
                        problem.id, member, tokens: Int(exp(4 + share * work + noise)),
                        thought: 3, isCorrect: true))
            }
        }
        var calibration = Calibration(
            problems: problems, settings: EvaluationSettings(), uncapped: records, capped: [])
        let members = [("steady", 0.1), ("keen", 0.4)].map {
            FamilyManifest.Member(id: $0, path: $0, alpha: $1)
        }
        let manifest = FamilyManifest(name: "f", base: nil, members: members)
        let price = Price(prompt: 1, completion: 2)
        #expect(manifest.cheapestMember(at: price) == "keen")
        #expect(CalibratedFamily(manifest, calibration).manifest.probe == nil)

        calibration.hidden = HiddenStates(member: "keen", values: states)
        let family = CalibratedFamily(manifest, calibration, price: price)
        let probe = try #require(family.manifest.probe)
        #expect(probe.member == "keen" && probe.directions.count == 6)
        #expect(family.manifest.members[0].probePredictor == nil)
        let predictor = try #require(family.manifest.members[1].probePredictor)
        #expect(predictor.isWellFormed)
        #expect(predictor.means.count == PromptFeatures.names.count + probe.directions.count)
        #expect(family.qualities["keen"]?.count == 2 && family.tableRows.count == 3)
        #expect(family.manifest.members.allSatisfy { $0.price == price })
    }

    @Test func `qualities are those of their definitions`() {
        func forecast(_ location: Double, accuracy: Double) -> Forecast {
            Forecast(location: location, scale: 1e-9, residuals: [0], accuracy: accuracy)
        }
        let exact = (1...100).map { tokens in
            ForecastQuality.Outcome(
                forecast: forecast(log(Double(tokens)), accuracy: 0.75), tokens: tokens,
                isCorrect: tokens % 4 > 0)
        }
        let perfect = ForecastQuality(exact)
        #expect(perfect.answers == 100 && perfect.coverage == 1 && perfect.pinball == 0)
        #expect(abs(perfect.rankCorrelation - 1) < 1e-12 && perfect.accuracyError < 1e-12)
        let constant = ForecastQuality(
            exact.map {
                .init(
                    forecast: forecast(log(90), accuracy: 0.25), tokens: $0.tokens,
                    isCorrect: $0.isCorrect)
            })
        #expect(constant.coverage == 0.9 && constant.rankCorrelation == 0)
        #expect(abs(constant.pinball - 1) < 0.01 && abs(constant.accuracyError - 0.5) < 1e-12)
        #expect(abs(Statistics.rankCorrelation([1, 1, 2], [5, 5, 9]) - 1) < 1e-12)
        #expect(abs(Statistics.rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1]) + 1) < 1e-12)
        #expect(ForecastQuality([]).answers == 0)
    }
}
