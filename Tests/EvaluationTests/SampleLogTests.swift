import Foundation
import TestSupport
import Testing

@testable import Evaluation

@Suite struct SampleLogTests {
    private static let settings = EvaluationSettings()

    private func run(
        _ source: ScriptedSource, _ file: TemporaryFile?, count: Int = 8, samples: Int = 2,
        settings: EvaluationSettings = settings
    ) async throws -> Report {
        let log = try file.map { try SampleLog(path: $0.path, settings: settings) }
        let evaluator = Evaluator(
            source: source, settings: settings, concurrency: 4, grade: judge)
        let outcome = try await evaluator.run(
            problems(count), samples: samples, log: log, progress: { _ in })
        return Report(
            name: "set", settings: settings, members: source.members, outcome: outcome)
    }

    @Test("killed after any line, and within any line, the next run ends with the same report")
    func resume() async throws {
        let whole = TemporaryFile()
        let report = try await run(.varied(), whole)
        #expect(try await run(.varied(), nil) == report)
        let bytes = whole.bytes
        let ends = bytes.indices.filter { bytes[$0] == 0x0A }.map { $0 + 1 }
        #expect(ends.count == 32)
        var random = SeededGenerator(seed: 7)
        for (kept, end) in ([0] + ends).enumerated() {
            let next = kept < ends.count ? ends[kept] : end + 1
            for cut in [end, end + Int.random(in: 0..<(next - end), using: &random)] {
                let file = TemporaryFile()
                try file.write(bytes[..<min(cut, bytes.count)])
                let source = ScriptedSource.varied()
                #expect(try await run(source, file) == report)
                #expect(source.record.asked.count == 32 - kept)
                // What is there now is whole: the next run asks nothing.
                let idle = ScriptedSource.varied()
                #expect(try await run(idle, file) == report)
                #expect(idle.record.asked.isEmpty)
                #expect(Self.lines(file) == Self.lines(whole))
            }
        }
    }

    private static func lines(_ file: TemporaryFile) -> Set<ArraySlice<UInt8>> {
        Set(file.bytes.split(separator: 0x0A))
    }

    @Test("more samples of more problems add to what is there")
    func growth() async throws {
        let file = TemporaryFile()
        _ = try await run(.varied(), file, count: 3, samples: 1)
        let source = ScriptedSource.varied()
        let report = try await run(source, file, count: 8, samples: 2)
        #expect(source.record.asked.count == 32 - 6)
        #expect(try await run(.varied(), nil) == report)
        // Fewer are reported without what was not asked for.
        #expect(try await run(.varied(), file, count: 3) == run(.varied(), nil, count: 3))
    }

    @Test("a record comes back from its line as it was")
    func roundTrip() async throws {
        let file = TemporaryFile()
        _ = try await run(.varied(), file)
        for (number, bytes) in JSONLines(file.bytes) {
            let line = try JSONLine(bytes, file: "f", number: number)
            let record = try SampleRecord(line)
            #expect(record.line(Self.settings).utf8.elementsEqual(bytes))
            #expect(record.response.reasoning.contains("\u{7}é日本"))
        }
    }

    @Test("samples are graded anew, so that a better grader helps old samples")
    func regrading() async throws {
        let file = TemporaryFile()
        _ = try await run(.varied(), file)
        let log = try SampleLog(path: file.path, settings: Self.settings)
        let source = ScriptedSource.varied()
        let evaluator = Evaluator(
            source: source, settings: Self.settings, concurrency: 1
        ) { _, _ in Judgement(answer: "x", isCorrect: true) }
        let outcome = try await evaluator.run(
            problems(8), samples: 2, log: log, progress: { _ in })
        #expect(source.record.asked.isEmpty)
        #expect(outcome.records.allSatisfy { $0.isCorrect == ($0.response.finish == .stop) })
    }

    @Test("samples of other settings are refused by the setting's name")
    func otherSettings() async throws {
        let file = TemporaryFile()
        _ = try await run(.varied(), file)
        let before = file.bytes
        let changes: [(String, (inout EvaluationSettings) -> Void)] = [
            ("temperature", { $0.temperature = 0 }), ("top_p", { $0.topP = 0.95 }),
            ("max_tokens", { $0.maximumTokens = 100 }), ("seed", { $0.seed = 9 }),
            ("chat_template", { $0.usesChatTemplate = false }),
            ("prompt_template", { $0.promptTemplate = "{QUESTION}" }),
        ]
        for (name, change) in changes {
            var settings = Self.settings
            change(&settings)
            #expect(settings.fingerprint != Self.settings.fingerprint)
            let error = try #require(throws: EvaluationError.self) {
                try SampleLog(path: file.path, settings: settings)
            }
            #expect(
                error.description.contains("line 1: its samples were made with another \(name)"))
        }
        #expect(file.bytes == before)
    }

    @Test("samples of another problem or checkpoint of the same name are refused")
    func otherProblem() async throws {
        let file = TemporaryFile()
        _ = try await run(.varied(), file)
        let log = try SampleLog(path: file.path, settings: Self.settings)
        let key = SampleRecord.Key(member: "alpha_0", problem: "p1", sample: 0)
        var problem = problems(2)[1]
        #expect(try log.record(key, problem: problem, origin: "scripted") != nil)
        #expect(throws: EvaluationError.self) {
            try log.record(key, problem: problem, origin: "another")
        }
        problem.answer = "7"
        let error = try #require(throws: EvaluationError.self) {
            try log.record(key, problem: problem, origin: "scripted")
        }
        #expect(error.description.contains("another problem 'p1'"))
    }

    @Test("two processes cannot write to one file")
    func exclusion() throws {
        let file = TemporaryFile()
        let log = try SampleLog(path: file.path, settings: Self.settings)
        #expect(throws: EvaluationError.inUse(path: file.path)) {
            try SampleLog(path: file.path, settings: Self.settings)
        }
        withExtendedLifetime(log) {}
    }

    @Test("a broken line that is not the last is told by file and line")
    func brokenLine() async throws {
        let file = TemporaryFile()
        _ = try await run(.varied(), file)
        var lines = file.bytes.split(separator: 0x0A).map(Array.init)
        lines[2].removeLast()
        try file.write(lines.joined(separator: [0x0A]) + [0x0A])
        let error = try #require(throws: EvaluationError.self) {
            try SampleLog(path: file.path, settings: Self.settings)
        }
        #expect(error.description.hasPrefix("\(file.path), line 3: expected one JSON object"))
    }
}
