import HTTP
import Tokenization

extension API {
    /// `POST /v1/reward` and `POST /query`: the paper's reward, asked for in any of three forms.
    func reward(_ request: HTTPRequest) async throws -> HTTPResponse {
        try admit()
        var body = try await fields(of: request)
        let settings = try RewardRequest(request.query, &body, defaults: configuration.rewards)
        let form = try rewardForm(&body, settings)
        return Self.response(try await form.reply(settings, desk: rewards))
    }

    private func rewardForm(
        _ body: inout RequestFields, _ settings: RewardRequest
    ) throws(ServingError) -> any RewardForm {
        let limit = configuration.rewards.maximumResponses
        if body.peek("groups") != nil {
            return try BatchRewards(&body, settings, limit: limit)
        }
        guard let query = body.peek("query") else { throw .missing(path: "groups") }
        if case .array(let entries) = query, case .object? = entries.first {
            return try PaperRewards(&body, settings, limit: limit)
        }
        return try SampleRewards(&body, settings, limit: limit)
    }
}
