import ArgumentParser
import Evaluation
import Testing

@testable import laconic

@Suite struct EvaluateCommandTests {
    @Test(arguments: [
        ["--samples", "0"], ["--max-tokens", "0"], ["--limit", "0"], ["--concurrency", "0"],
        ["--temperature", "-1"], ["--top-p", "0"], ["--prompt-template", "no place"],
        ["--url", "http://h", "--model", "m"], ["--url", "http://h"], ["--url", "h:1"],
        ["--url", "http://h", "--model-name", "m", "--raw"], ["--model-name", "m"],
        ["--grading", "kind"],
    ])
    func whatCannotBeMeantIsRefused(arguments: [String]) {
        #expect(throws: (any Error).self) {
            try Laconic.parseAsRoot(["evaluate", "--data", "d"] + arguments)
        }
    }

    @Test func theDefaultsAreThePapers() throws {
        let command = try Laconic.parseAsRoot(["evaluate", "--data", "d", "--model", "m"])
        let evaluate = try #require(command as? EvaluateCommand)
        #expect(evaluate.maxTokens == 32_768 && evaluate.temperature == 0.6)
        #expect(evaluate.topP == 1 && evaluate.samples == 1 && evaluate.limit == nil)
        #expect(
            evaluate.promptTemplate
                == "Please reason step by step, and put your final answer within \\boxed{}. "
                + "Question: {QUESTION}")
    }

    @Test func flagsHaveTwins() throws {
        let arguments = try EnvironmentTwins(of: Laconic.self).expand(
            ["problems"], environment: ["LACONIC_TIER": "hard,easy", "LACONIC_SPLIT": "train"])
        let problems = try #require(try Laconic.parseAsRoot(arguments) as? ProblemsCommand)
        #expect(problems.tier == [.hard, .easy] && problems.split == .train)
    }

    @Test(arguments: [["--split", "all"], ["--tier", "worst"], ["--count", "0"]])
    func unknownProblemsAreRefused(arguments: [String]) {
        #expect(throws: (any Error).self) {
            try Laconic.parseAsRoot(["problems"] + arguments)
        }
    }

    @Test func progressTellsWhatIsDoneAndWhatIsLeft() {
        let progress = Evaluator.Progress(total: 40, reused: 4, made: 8, correct: 3, tokens: 3100)
        #expect(
            ProgressLine.text(progress, elapsed: 10)
                == "12/40 samples, 25.0 % correct, 310 tokens/s, 35 s left")
        let resumed = Evaluator.Progress(total: 40, reused: 4, made: 0, correct: 4, tokens: 0)
        #expect(
            ProgressLine.text(resumed, elapsed: 0) == "4/40 samples from before, 100.0 % correct")
    }

    @Test(arguments: [
        (0.2, "1 s"), (59, "59 s"), (60, "1 min 0 s"), (599.5, "10 min"), (3600, "1 h 0 min"),
        (7380, "2 h 3 min"), (.infinity, "277777 h 46 min"),
    ])
    func timesAreShort(seconds: Double, text: String) {
        #expect(ProgressLine.duration(seconds) == text)
    }
}
