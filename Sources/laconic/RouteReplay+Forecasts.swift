import Evaluation
import Inference
import Routing

extension RouteReplay {
    /// How well one member's answers were foretold.
    struct ForecastRow: Encodable {
        var member: String
        /// What from.
        var source: String
        var quality: ForecastQuality
    }

    /// How well the answers to each problem were foretold from its text, or as the router does it.
    func forecasts(
        of records: [SampleRecord], _ source: String, probes: Bool
    ) async throws -> [ForecastRow] {
        var outcomes: [String: [ForecastQuality.Outcome]] = [:]
        let answers = Dictionary(grouping: records, by: \.key.problem)
        for problem in set.problems {
            let forecasts = try await catalog.forecasts(
                of: EngineSource.question(settings.prompt(for: problem)), probes: probes)
            for record in answers[problem.id] ?? [] {
                guard let forecast = forecasts[record.key.member] else { continue }
                outcomes[record.key.member, default: []].append(
                    .init(
                        forecast: forecast, tokens: record.response.completionTokens,
                        isCorrect: record.isCorrect))
            }
        }
        return catalog.models.compactMap { model in
            outcomes[model.id].map {
                ForecastRow(member: model.id, source: source, quality: ForecastQuality($0))
            }
        }
    }
}
