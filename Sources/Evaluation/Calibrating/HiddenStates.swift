public import Inference

/// The hidden states of a problem set's prompts, as one member of a family computes them.
///
/// They cost a prefill each and are not kept: a calibration that goes on computes them again.
public struct HiddenStates: Sendable {
    /// The member's name.
    public var member: String
    /// By problem: `[wordings, hiddenSize]`, as ``EvaluationSettings/wordings(of:)`` has them.
    public var values: [String: [[Float]]]

    /// What was computed elsewhere.
    public init(member: String, values: [String: [[Float]]]) {
        self.member = member
        self.values = values
    }

    /// Computes them.
    ///
    /// - Parameters:
    ///   - problems: What would be asked.
    ///   - settings: How.
    ///   - member: Who computes.
    ///   - catalog: Where it is loaded.
    ///   - concurrency: Prompts open at once, at least 1.
    /// - Throws: `EvaluationError.refused`, when a prompt cannot be computed; `CancellationError`.
    public init(
        of problems: [Problem], settings: EvaluationSettings, member: String,
        catalog: ModelCatalog, concurrency: Int
    ) async throws {
        typealias Row = (problem: String, states: [[Float]])
        var values: [String: [[Float]]] = [:]
        try await withThrowingTaskGroup(of: Row.self) { group in
            var waiting = problems.makeIterator()
            func start() {
                guard let problem = waiting.next() else { return }
                group.addTask {
                    var states: [[Float]] = []
                    for wording in settings.wordings(of: problem) {
                        try Task.checkCancellation()
                        var request = EngineSource.question(wording)
                        request.model = member
                        do {
                            states.append(try await catalog.hiddenState(of: request))
                        } catch {
                            try Task.checkCancellation()
                            throw EvaluationError.refused(
                                member: member, problem: problem.id, reason: "\(error)")
                        }
                    }
                    return (problem.id, states)
                }
            }
            for _ in 0..<max(concurrency, 1) { start() }
            while let row = try await group.next() {
                values[row.problem] = row.states
                start()
            }
        }
        self.init(member: member, values: values)
    }
}

extension EvaluationSettings {
    /// A question bare and as it is put: callers put it either way.
    func wordings(of problem: Problem) -> [String] {
        [problem.question, prompt(for: problem)]
    }
}
