import Synchronization

@testable import Evaluation

/// Members that answer from a rule, after a rest that the rule's randomness chooses.
final class ScriptedSource: ResponseSource {
    let members: [Member]
    private let answer: @Sendable (String, String, UInt64) throws(ResponseError) -> Response
    private let rest: @Sendable (UInt64) -> Duration
    private let state = Mutex(Record())

    struct Record {
        var asked: [(prompt: String, member: String, seed: UInt64)] = []
        var open = 0
        var mostOpen = 0
    }

    init(
        members: [String] = ["alpha_0", "alpha_0.2"],
        rest: @escaping @Sendable (UInt64) -> Duration = { _ in .zero },
        answer: @escaping @Sendable (String, String, UInt64) throws(ResponseError) -> Response
    ) {
        self.members = members.map { Member(name: $0, origin: "scripted") }
        self.answer = answer
        self.rest = rest
    }

    var record: Record { state.withLock { $0 } }

    func respond(
        to prompt: String, member: String, settings: EvaluationSettings, seed: UInt64
    ) async throws(ResponseError) -> Response {
        state.withLock { state in
            state.asked.append((prompt, member, seed))
            state.open += 1
            state.mostOpen = max(state.mostOpen, state.open)
        }
        defer { state.withLock { $0.open -= 1 } }
        let rest = rest(seed)
        if rest > .zero { try? await Task.sleep(for: rest) } else { await Task.yield() }
        if Task.isCancelled { return Response(text: "", finish: .cancelled) }
        return try answer(prompt, member, seed)
    }

    /// Answers that follow from the seed: right, wrong, cut off, of many lengths.
    static func varied(rest: @escaping @Sendable (UInt64) -> Duration = { _ in .zero })
        -> ScriptedSource
    {
        ScriptedSource(rest: rest) { prompt, member, seed in
            let isLong = member == "alpha_0"
            let choice = seed % 7
            let number = prompt.split(separator: " ").last ?? ""
            return Response(
                reasoning: "Seed \(seed) says:\n\"\\u\u{7}é日本\"",
                text: "\\boxed{\(choice < 4 ? String(number) : "\(choice)")}",
                finish: choice == 3 ? .length : .stop, promptTokens: prompt.count,
                completionTokens: Int(seed % 100) + (isLong ? 100 : 0),
                reasoningTokens: Int(seed % 50))
        }
    }
}

/// Problems whose answers end their questions.
func problems(_ count: Int) -> [Problem] {
    (0..<count).map { index in
        Problem(
            id: "p\(index)", question: "What is \(index + 100)", answer: "\(index + 100)",
            difficulty: index % 4 == 3 ? nil : .level(index % 4))
    }
}

/// Judges by the text after `\boxed{`.
@Sendable func judge(_ response: String, _ problem: Problem) -> Judgement {
    let answer = response.split(separator: "{").last?.split(separator: "}").first.map(String.init)
    return Judgement(answer: answer, isCorrect: answer == problem.answer)
}
