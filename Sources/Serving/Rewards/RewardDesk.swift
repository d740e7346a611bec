import Evaluation
import Inference

/// What all requests for rewards share: who grades, who waits, what lengths count.
struct RewardDesk: Sendable {
    let grader: GroupGrader
    let collector: GroupCollector
    /// What a length counts that the caller did not give.
    let countedUnit: LengthUnit
    let settings: RewardSettings

    /// A desk that counts with the tokenizer of `model`, or bytes where nothing is served.
    init(
        service: any CompletionService, model: String?, settings: RewardSettings,
        hurries: @escaping @Sendable () -> Bool
    ) {
        self.settings = settings
        collector = GroupCollector(settings: settings, hurries: hurries)
        guard !service.models.isEmpty else {
            countedUnit = .bytes
            grader = GroupGrader { $0.utf8.count }
            return
        }
        countedUnit = .modelTokens
        grader = GroupGrader { text in
            do throws(InferenceError) {
                return try service.tokenize(text, addSpecialTokens: false, model: model).count
            } catch {
                throw ServingError.inference(error, promptField: "response")
            }
        }
    }

    /// Grades each group in turn.
    func grade(
        _ groups: [ResponseGroup], _ request: RewardRequest
    ) async throws -> [GradedGroup] {
        var graded: [GradedGroup] = []
        for group in groups {
            graded.append(try await grader.grade(group, mode: request.mode))
        }
        return graded
    }
}
