import Foundation
import Testing

/// What users of other servers complain of most, and the tests whose laws rule it out here.
///
/// A law that is renamed or dropped has to be renamed or answered for here.
@Suite struct PainsTests {
    struct Pain: Sendable, CustomTestStringConvertible {
        let number: Int
        let words: String
        /// Files below `Tests`, and a law in each.
        let laws: [(file: String, law: String)]
        var testDescription: String { "\(number): \(words)" }

        init(_ number: Int, _ words: String, _ laws: (file: String, law: String)...) {
            self.number = number
            self.words = words
            self.laws = laws
        }
    }

    static let pains = [
        Pain(
            1, "all tokens go to thinking, the answer is empty",
            (
                "InferenceTests/BudgetTests",
                "a thought is closed at its ceiling and the answer follows"
            ),
            ("ServingTests/ChatCompletionsTests", "a thought cut off is reasoning, never answer"),
            ("integration/test_budget.py", "def ask")),
        Pain(
            2, "a thinking budget is accepted and ignored",
            ("DecodingTests/ThoughtStateTests", "no ceiling is passed, by no token"),
            ("ServingTests/ErrorTests", "budget.token")),
        Pain(
            3, "the budget counts only if the tag is written, or only if it is not",
            ("InferenceTests/ReasoningSplitterTests", "bothTemplateFormsGiveTheSameThought")),
        Pain(
            4, "a forced close breaks inside a word or code point, or the thought opens again",
            ("DecodingTests/ThoughtStateTests", "a cut never splits a code point"),
            ("InferenceTests/ReasoningSplitterTests", "aThoughtOpenedAgainIsThoughtAgain")),
        Pain(
            5, "no budget at all in the local server that most people use",
            ("ServingTests/OllamaTests", "options reach the sampler, thinking the budget")),
        Pain(
            6, "a closing tag without an opening one, the thought is lost",
            (
                "InferenceTests/ModelCatalogTests",
                "theThoughtIsOpenOnlyWhenTheLastTagOpensItAndNoMarkFollows"
            )),
        Pain(
            7, "a thought without its end is returned as the answer",
            ("InferenceTests/ReasoningSplitterTests", "aThoughtThatNeverClosesIsNotAnAnswer")),
        Pain(
            8, "stop strings fire inside the thought",
            ("InferenceTests/ModelCatalogTests", "aStopStringSleepsInTheThoughtAndCutsTheAnswer"),
            ("integration/test_clients.py", "until: [\"Question:\"]")),
        Pain(
            9, "an end of sequence inside the thought leaves no answer",
            (
                "InferenceTests/BudgetTests",
                "a model that stops inside its thought is made to answer"
            )),
        Pain(
            10, "a stop string across tokens leaks, or text is lost",
            ("InferenceTests/StopMatcherTests", "theTextKeptDoesNotDependOnHowItArrives"),
            ("InferenceTests/StopMatcherTests", "onlyAProperPrefixOfAStopIsHeldBack")),
        Pain(
            11, "emoji arrive as U+FFFD",
            (
                "TokenizationTests/StreamingDetokenizerTests",
                "aCodePointComesWithItsLastByteAndNotBefore"
            ),
            ("ServingTests/TGITests", "a code point that two tokens spell is whole in the stream")),
        Pain(
            12, "the client is gone and the slot still generates",
            ("HTTPTests/HangUpTests", "a reset cancels the handler at once"),
            (
                "DecodingTests/EngineCancellationTests",
                "a sequence that is let go frees its pages within one step"
            ),
            (
                "ServingTests/OperationsTests",
                "a client that leaves while it waits for a whole answer"
            )),
        Pain(
            13, "one client's cancel ends another's run",
            ("ServingTests/OperationsTests", "one client's cancel leaves the other's answer alone")),
        Pain(
            14, "one decode path forgets cancellation",
            (
                "DecodingTests/EngineCancellationTests",
                "many submitters that come, read, leave and hang up lose nothing"
            )),
        Pain(
            15, "an unbounded queue and no sign of overload",
            ("DecodingTests/EngineTests", "a queue of one refuses the second with its depth"),
            ("ServingTests/ErrorTests", "clients find the words and fields they act on"),
            ("integration/test_metrics.py", "def test_queue_full")),
        Pain(
            16, "no limit for requests that wait",
            (
                "DecodingTests/RevisionTests",
                "a deadline that passes in the queue or in the prompt ends the sequence there"
            )),
        Pain(
            17, "a proxy cuts a silent stream, and a client chokes on what keeps it open",
            ("ServingTests/OperationsTests", "keepAliveInterval"),
            ("ServingTests/OllamaTests", "a silent stream holds nothing but documents")),
        Pain(
            18, "healthy while the engine is stuck",
            ("ServingTests/OperationsTests", "health follows the heartbeat, readiness the phase"),
            ("integration/test_metrics.py", "def test_stuck_engine"),
            ("integration/test_systemd.py", "def test_a_stuck_loop_starves_the_watchdog"),
            ("integration/test_metrics.py", "def test_saturated")),
        Pain(
            19, "a stop signal aborts everything",
            ("ServingTests/LoopbackTests", "draining finishes what runs and takes nothing new"),
            ("HTTPTests/ShutdownTests", "running requests are finished")),
        Pain(
            20, "started long before it is usable",
            ("ServingTests/OperationsTests", "health follows the heartbeat, readiness the phase"),
            (
                "integration/test_systemd.py",
                "def test_ready_is_told_after_a_token_and_when_requests_are_answered"
            ),
            ("smoke", "^laconic: ready")),
        Pain(
            21, "a models folder that cannot be read, and nobody says which",
            ("InferenceTests/FamilyDirectoryTests", "aFolderThatIsMissingIsNamed"),
            (
                "CheckpointsTests/PathObstacleTests",
                "the first folder that cannot be searched is named with mode, owner and advice"
            ),
            ("integration/test_unreadable_paths.py", "def test_a_parent")),
        Pain(
            22, "as many threads as the host has cores, in a small container",
            ("KernelsTests/AvailableCPUsTests", "the tightest group from the process to the root")),
        Pain(
            23, "the prompt is cut in silence",
            ("ServingTests/ErrorTests", "context_length_exceeded"),
            ("ServingTests/ResponsesTests", "truncation")),
        Pain(
            24, "the begin of sequence comes twice",
            (
                "InferenceTests/ModelCatalogTests",
                "aPromptHasExactlyOneBeginOfSequenceHoweverItArrives"
            )),
        Pain(
            25, "thoughts of earlier turns break the prefix cache",
            ("InferenceTests/ModelCatalogTests", "anEqualPromptIsReportedAsCached"),
            ("ServingTests/ChatCompletionsTests", "the conversation reaches the template as sent")),
        Pain(
            26, "the thought under a name that the client does not read",
            ("ServingTests/ChatCompletionsTests", "the thought under both names")),
        Pain(
            27, "reasoning tokens are missing, null or 0",
            ("InferenceTests/ModelCatalogTests", "reasoningIsCountedFromIDsUpToTheClosingTag")),
        Pain(
            28, "a usage chunk unasked, or without choices",
            (
                "ServingTests/ChatCompletionsTests",
                "usage comes in a chunk of its own if and only if asked for"
            )),
        Pain(
            29, "memory runs out and every request dies",
            ("DecodingTests/EngineTests", "a queue of one refuses the second with its depth"),
            (
                "DecodingTests/RevisionTests",
                "whatever is revised, pages come home and no ceiling is passed"
            )),
        Pain(
            30, "the same seed gives another text under load",
            (
                "DecodingTests/EngineTests",
                "the same seed draws the same ids alone and in a batch of 32"
            ),
            ("KernelsTests/MatMulTests", "a row's result depends on neither")),
        Pain(
            31, "a slow start", ("smoke", "^laconic: ready"),
            ("integration/laconic_process.py", "ready")),
        Pain(
            32, "the key does not cover every route",
            ("ServingTests/KeysTests", "no method of any route is open but the probes")),
    ]

    @Test func `all of them are here`() {
        #expect(Self.pains.map(\.number) == Array(1...32))
    }

    @Test(arguments: pains)
    func `each has a law, and the law has a test`(pain: Pain) throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        #expect(!pain.laws.isEmpty)
        for (file, law) in pain.laws {
            let name = file.hasSuffix("Tests") ? file + ".swift" : file
            let text = try String(
                contentsOf: tests.appendingPathComponent(name), encoding: .utf8)
            #expect(text.contains(law), "\(name): \(law)")
        }
    }
}
