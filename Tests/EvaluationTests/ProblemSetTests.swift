import Testing

@testable import Evaluation

@Suite struct ProblemSetTests {
    private func read(_ text: String) throws -> ProblemSet {
        try ProblemSet(name: "set", file: "f.jsonl", jsonLines: Array(text.utf8))
    }

    @Test("the published files' forms are read")
    func forms() throws {
        let set = try read(
            #"""
            {"id": "g0", "question": "Janet’s \"ducks\"?", "answer": "18", "solution": "x", "difficulty": 2}

            {"id": "m0", "question": "$\\theta$", "answer": "\\left( 3, \\frac{\\pi}{2} \\right)", "level": 5, "subject": "Algebra"}
            {"id": "o0", "question": "q", "answer": "a", "difficulty": "hard"}
            {"id": "n0", "question": "q", "answer": "a", "difficulty": null}
            """#)
        #expect(set.problems.map(\.difficulty) == [.level(2), .level(5), .tier("hard"), nil])
        #expect(set.problems[0].question == "Janet’s \"ducks\"?")
        #expect(set.problems[1].answer == #"\left( 3, \frac{\pi}{2} \right)"#)
    }

    @Test(
        "what is wrong is told by file, line and field",
        arguments: [
            (
                "{\"id\":\"a\",\"question\":\"q\",\"answer\":7}",
                "f.jsonl, line 2, field 'answer': expected a text, found the number 7"
            ),
            (
                "{\"id\":\"a\",\"answer\":\"7\"}",
                "f.jsonl, line 2, field 'question': expected a text, found no such field"
            ),
            (
                "{\"id\":\"a\",\"question\":\"q\",\"answer\":\"7\",\"level\":2.5}",
                "f.jsonl, line 2, field 'level': expected a whole number or a word, "
                    + "found the number 2.5"
            ),
            ("[1]", "f.jsonl, line 2: expected one JSON object; found a list"),
            (
                "{\"id\":\"first\",\"question\":\"q\",\"answer\":\"7\"}",
                "f.jsonl, line 2, field 'id': 'first' is taken by line 1"
            ),
        ])
    func errors(line: String, message: String) throws {
        let first = "{\"id\":\"first\",\"question\":\"q\",\"answer\":\"1\"}\n"
        let error = try #require(throws: EvaluationError.self) { try read(first + line) }
        #expect(error.description == message)
    }

    @Test(
        "text that is no JSON is told by its line", arguments: ["{", "{\"id\":\"\\ud800\"}", "x"])
    func malformed(line: String) throws {
        let error = try #require(throws: EvaluationError.self) { try read("\n\n" + line) }
        #expect(error.description.hasPrefix("f.jsonl, line 3: expected one JSON object; "))
    }

    @Test("no problem at all, and no file at all, are errors")
    func nothing() throws {
        #expect(throws: EvaluationError.noProblems(file: "f.jsonl")) { try read(" \n\r\n") }
        #expect(throws: EvaluationError.file(path: "/no/such", reason: "cannot be read")) {
            try ProblemSet(path: "/no/such")
        }
    }

    @Test("a shuffle keeps all, follows from its seed, and its first n are among its first n + 1")
    func shuffle() throws {
        let set = ProblemSet(name: "s", problems: problems(100))
        let shuffled = set.shuffled(seed: 3)
        #expect(shuffled == set.shuffled(seed: 3))
        #expect(shuffled != set.shuffled(seed: 4) && shuffled != set)
        #expect(shuffled.problems.map(\.id).sorted() == set.problems.map(\.id).sorted())
        #expect(shuffled.limited(to: 7).problems == Array(shuffled.problems.prefix(7)))
        #expect(set.limited(to: 1000) == set)
    }

    @Test("a shuffle puts everything everywhere equally often")
    func shuffleIsFair() {
        var counts = Array(repeating: Array(repeating: 0, count: 5), count: 5)
        for seed in 0..<5000 as Range<UInt64> {
            var random = RandomSource(seed: seed)
            for (place, value) in random.shuffled([0, 1, 2, 3, 4]).enumerated() {
                counts[place][value] += 1
            }
        }
        // Mean 1000, standard deviation 28: six of them.
        #expect(counts.joined().allSatisfy { abs($0 - 1000) < 170 })
    }

    @Test("difficulties are ordered: numbers, the tiers as they rise, other words")
    func order() {
        let rising: [Difficulty] = [
            .level(-1), .level(2), .level(10), .tier("easy"), .tier("medium"), .tier("hard"),
            .tier("algebra"), .tier("geometry"),
        ]
        #expect(rising.reversed().sorted() == rising)
    }
}
