import Routing
import Tokenization

extension ReasoningModel {
    /// Tokens kept for the answer where nothing was measured and the request says nothing.
    private static let answerReserve = 64

    /// The member as the router sees it for one request.
    ///
    /// - Parameters:
    ///   - request: What is to be completed.
    ///   - features: Those of its question.
    ///   - probed: Those and the probe's; nil where it was not asked.
    ///   - promptTokens: Tokens of the prompt.
    /// - Returns: The candidate, with a forecast where the member was calibrated.
    func candidate(
        for request: CompletionRequest, features: [Double], probed: [Double]?, promptTokens: Int
    ) -> Candidate {
        let forecast = forecast(features, probed: probed)
        let room = max(description.contextLength - promptTokens, 1)
        let ceiling = min(request.budget?.tokens ?? room, room)
        let likely = forecast.map { Int($0.meanTokens(within: ceiling)) } ?? ceiling
        var candidate = Candidate(
            id: description.id, alpha: description.alpha,
            contextLength: description.contextLength, price: description.price ?? .perToken,
            forecast: forecast,
            load: engine.load(
                promptTokens: promptTokens, newTokens: likely, client: request.client))
        candidate.load.waitSeconds += store?.expectedSeconds(for: member) ?? 0
        if request.separatesReasoning, text.tags != nil {
            let answers = ([self] + neighbours).flatMap(\.description.profile).map(\.answerTokens)
            candidate.thought = Candidate.Thought(
                closerTokens: text.closer.count,
                answerReserve: answers.map { Int($0.p99.rounded(.up)) }.max()
                    ?? Self.answerReserve,
                leastAnswer: max(answers.map { Int($0.least) }.min() ?? 1, 1))
        }
        return candidate
    }

    /// Whether a forecast can be made for it.
    var isCalibrated: Bool {
        neighbours.isEmpty
            ? profile?.predictor != nil : neighbours.allSatisfy(\.isCalibrated)
    }

    /// Whether a probe betters its forecast.
    var readsProbe: Bool {
        profile?.probePredictor != nil || neighbours.contains(where: \.readsProbe)
    }

    /// The better forecast of those that can be made, and between two members what lies between
    /// theirs; nil where the member was not calibrated.
    func forecast(_ features: [Double], probed: [Double]?) -> Forecast? {
        guard let lower = neighbours.first, let upper = neighbours.last else {
            return probed.flatMap { profile?.probePredictor?.forecast($0) }
                ?? profile?.predictor?.forecast(features)
        }
        guard let first = lower.forecast(features, probed: probed),
            let second = upper.forecast(features, probed: probed)
        else { return nil }
        return .between(first, second, share: share)
    }

    /// The text that the features of a request are taken from: the last thing a user said.
    func question(of prompt: CompletionRequest.Prompt) -> String {
        switch prompt {
        case .text(let text): return text
        case .ids(let ids): return text.tokenizer.decode(ids, skipSpecialTokens: true)
        case .conversation(let variables):
            guard case .array(let messages) = variables["messages"] else { return "" }
            for message in messages.reversed() {
                guard case .object(let members) = message,
                    members.contains(where: { $0.key == "role" && $0.value == .string("user") }),
                    let content = members.first(where: { $0.key == "content" })?.value
                else { continue }
                return Self.text(of: content)
            }
            return ""
        }
    }

    private static func text(of content: TemplateValue) -> String {
        switch content {
        case .string(let text): return text
        case .array(let parts):
            return parts.map { part in
                guard case .object(let members) = part,
                    case .string(let text) = members.first(where: { $0.key == "text" })?.value
                else { return "" }
                return text
            }.joined(separator: "\n")
        default: return ""
        }
    }
}
