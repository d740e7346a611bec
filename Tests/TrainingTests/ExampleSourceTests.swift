import Evaluation
import Inference
import Testing
import Tokenization

@testable import Training

/// Problems and solutions as token ids, in the words of a tokenizer that learned from them.
@Suite struct ExampleSourceTests {
    static let mix: [Tier: Int] = [.easy: 1, .medium: 1, .hard: 1]
    static let plain = QuestionWording(percent: 0, seed: 1)

    @Test func `an example is prompt, solution and end, and learns all but prompt and mistakes`()
        throws
    {
        let prompts = try TinyStart.prompts.get()
        let corpus = try TraceCorpus(seed: 4, mix: Self.mix)
        let source = try ArithmeticExamples(corpus: corpus, prompts: prompts, wording: Self.plain)
        let end = try #require(prompts.tokenizer.eosToken?.id)
        var masked = 0
        for index in 0..<200 {
            let (example, origin) = (
                try source.example(index), corpus.example(at: UInt64(index))
            )
            let prompt = try prompts.prompt(message: origin.problem.question)
            let count = prompt.count
            #expect(Array(example.tokens[..<count]) == prompt && example.tokens.last == end)
            // What a model writes is one text: segments must not change how it is cut.
            let body = Array(example.tokens[count..<example.tokens.count - 1])
            let text = origin.trace.text
            #expect(body == prompts.tokenizer.encode(text, addSpecialTokens: false))
            #expect(prompts.tokenizer.decode(body, skipSpecialTokens: false) == text)
            #expect(!example.isLearned[..<count].contains(true))
            #expect(example.isLearned.last == true && !example.tokens.dropLast().contains(end))
            let unlearned = zip(example.tokens, example.isLearned).dropFirst(count)
                .filter { !$0.1 }.map(\.0)
            let mistakes = origin.trace.segments.filter { !$0.isLearned }.map(\.text).joined()
            #expect(prompts.tokenizer.decode(unlearned, skipSpecialTokens: false) == mistakes)
            #expect(unlearned.count == mistakes.count, "a token a digit")
            masked += unlearned.count
        }
        #expect(masked > 10)
    }

    @Test func `the generated task accepts what the corpus teaches, and nothing else`() throws {
        let prompts = try TinyStart.prompts.get()
        let task = try ArithmeticTask(
            seed: 3, mix: Self.mix, prompts: prompts, wording: Self.plain)
        let problems = try task.problems(step: 2, count: 20)
        #expect(try task.problems(step: 2, count: 20) == problems)
        #expect(try task.problems(step: 3, count: 20) != problems)
        #expect(Set(problems.map(\.problem.question)).count == 20)
        for problem in problems {
            func isCorrect(_ text: String) -> Bool {
                let end = prompts.tokenizer.eosToken.map { [$0.id] } ?? []
                let ids = prompts.tokenizer.encode(text, addSpecialTokens: false)
                return task.isCorrect(ids + end, to: problem)
            }
            let answer = problem.problem.answer
            #expect(isCorrect("2+2=4.\n</think>\nThe answer is \\boxed{\(answer)}."))
            #expect(!isCorrect("2+2=4.\n</think>\nThe answer is \\boxed{1\(answer)}."))
            #expect(!isCorrect("2+2=4.\nThe answer is \\boxed{\(answer)}."))
        }
    }

    @Test func `solutions come in a new order each time round, every one once a round`() throws {
        let prompts = try TinyStart.prompts.get()
        let problems = (0..<10).map { index in
            Problem(
                id: "\(index)", question: "What is \(index)+0?", answer: "\(index)",
                solution: index % 2 == 0 ? "It is \(index)." : "So \\boxed{\(index)}.")
        }
        let set = ProblemSet(name: "tens", problems: problems)
        let source = try SolvedExamples(
            set: set, prompts: prompts, wording: Self.plain, seed: 5)
        let rounds = try (0..<3).map { round in
            try (0..<10).map { try source.example(round * 10 + $0) }
        }
        func texts(_ round: [SupervisedExample]) -> [String] {
            round.map { prompts.tokenizer.decode($0.tokens, skipSpecialTokens: true) }
        }
        #expect(texts(rounds[0]) != texts(rounds[1]) && texts(rounds[1]) != texts(rounds[2]))
        for round in rounds {
            #expect(Set(texts(round)).count == 10)
            #expect(texts(round).sorted() == texts(rounds[0]).sorted())
        }
        for text in texts(rounds[0]) {
            let boxes = text.split(separator: "\\boxed", omittingEmptySubsequences: false)
            #expect(boxes.count == 2, "\(text)")
        }
        for example in rounds[0] {
            let prompt = example.isLearned.prefix { !$0 }.count
            #expect(prompt > 0 && example.isLearned.dropFirst(prompt).allSatisfy(\.self))
        }
    }

    @Test func `a problem without a solution is named`() throws {
        let prompts = try TinyStart.prompts.get()
        let set = ProblemSet(
            name: "set", problems: [Problem(id: "seven", question: "?", answer: "7")])
        let error = #expect(throws: TrainingError.self) {
            try SolvedExamples(set: set, prompts: prompts, wording: Self.plain, seed: 1)
        }
        #expect(error?.description.contains("seven") == true)
    }

    @Test func `problems of a file are asked once a round, and graded as mathematics`() throws {
        let prompts = try TinyStart.prompts.get()
        let set = ProblemSet(
            name: "halves",
            problems: (0..<7).map {
                Problem(id: "\($0)", question: "\($0)?", answer: "\\frac{\($0 * 2 + 1)}{2}")
            })
        let task = ProblemSetTask(set: set, prompts: prompts, wording: Self.plain, seed: 2)
        let asked = try (1...7).flatMap { try task.problems(step: $0, count: 4) }
            .map(\.problem.id)
        for round in 0..<4 { #expect(Set(asked[round * 7..<round * 7 + 7]).count == 7) }
        #expect(asked[0..<7] != asked[7..<14])
        let problem = RewardedProblem(problem: set.problems[1], prompt: [1])
        func isCorrect(_ text: String) -> Bool {
            task.isCorrect(
                prompts.tokenizer.encode(text, addSpecialTokens: false), to: problem)
        }
        #expect(isCorrect("</think> \\boxed{1.5}") && isCorrect("</think> \\boxed{3/2}"))
        #expect(!isCorrect("</think> \\boxed{2}") && !isCorrect("</think> 1.5"))
    }

    @Test func `the instruction stands around as many questions as it should, always the same`() {
        let half = QuestionWording(template: "Solve: {QUESTION} Box it.", percent: 50, seed: 1)
        let messages = (0..<400).map { half.message(for: "1+1?", index: $0) }
        #expect(messages == (0..<400).map { half.message(for: "1+1?", index: $0) })
        #expect(Set(messages) == ["1+1?", "Solve: 1+1? Box it."])
        // 200 expected, with a deviation of 10
        #expect((160...240).contains(messages.count { $0 == "1+1?" }))
        for (percent, expected) in [(0, "1+1?"), (100, "Solve: 1+1? Box it.")] {
            let wording = QuestionWording(
                template: "Solve: {QUESTION} Box it.", percent: percent, seed: 1)
            #expect((0..<50).allSatisfy { wording.message(for: "1+1?", index: $0) == expected })
        }
    }
}
