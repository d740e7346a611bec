import Foundation
import Testing

@testable import Evaluation

@Suite struct ReportTests {
    private func record(
        _ member: String, _ problem: String, _ sample: Int, _ answer: String?, correct: Bool,
        tokens: Int, reasoning: Int = 0, finish: Response.Finish = .stop,
        difficulty: Difficulty? = nil
    ) -> SampleRecord {
        SampleRecord(
            key: SampleRecord.Key(member: member, problem: problem, sample: sample),
            problem: Problem(id: problem, question: "q", answer: "1", difficulty: difficulty),
            origin: "o", seed: 0,
            response: Response(
                text: "t", finish: finish, completionTokens: tokens, reasoningTokens: reasoning),
            judgement: Judgement(answer: answer, isCorrect: correct))
    }

    /// Three problems of four samples: 4, 1 and 0 correct.
    private var records: [SampleRecord] {
        let answers: [(String, [String?], [Int])] = [
            ("a", ["1", "1", "1", "1"], [10, 20, 30, 40]),
            ("b", ["1", "2", "2", nil], [100, 100, 100, 100]),
            ("c", ["3", "3", "4", "5"], [1, 2, 3, 4]),
        ]
        return answers.flatMap { problem, answers, tokens in
            answers.indices.map { sample in
                record(
                    "m", problem, sample, answers[sample], correct: answers[sample] == "1",
                    tokens: tokens[sample], reasoning: 4,
                    finish: answers[sample] == nil ? .length : .stop,
                    difficulty: problem == "c" ? .level(2) : .level(1))
            }
        }
    }

    @Test("a summary's numbers are those computed by hand")
    func summary() {
        let summary = Summary(records)
        #expect(summary.problems == 3 && summary.samples == 12)
        #expect(abs(summary.accuracy - 1.25 / 3) < 1e-12)
        #expect(summary.accuracyInterval == .wilson(share: summary.accuracy, count: 3))
        #expect(summary.passRates.map(\.within) == [1, 2, 4])
        // pass@2: 1, then 1 - C(3, 2) / C(4, 2) = 1/2, then 0.
        let expected = [1.25 / 3, 0.5, 2.0 / 3]
        for (found, rate) in zip(summary.passRates.map(\.rate), expected) {
            #expect(abs(found - rate) < 1e-12)
        }
        #expect(summary.majority == 1.0 / 3)
        #expect(abs(summary.truncated - 1.0 / 12) < 1e-12)
        #expect(abs(summary.tokens.mean - (25 + 100 + 2.5) / 3) < 1e-12)
        #expect(summary.tokens.p50 == 25 && summary.tokens.p90 == 100)
        #expect(summary.reasoningTokens == 4)
        // Passes are 2/3, 1/3, 1/3, 1/3 correct: deviation 1/6.
        let deviation = summary.passDeviation ?? 0
        #expect(abs(deviation - 1.0 / 6) < 1e-12)
    }

    @Test("one sample a problem has neither passes nor their scatter")
    func single() {
        let summary = Summary(records.filter { $0.key.sample == 0 })
        #expect(summary.passDeviation == nil)
        #expect(summary.passRates == [.init(within: 1, rate: 2.0 / 3)])
        #expect(Summary([]).samples == 0)
    }

    private func report(_ members: [Member] = [Member(name: "m", alpha: 0.1, origin: "o")])
        -> Report
    {
        Report(
            name: "set <1> & \"2\"", settings: EvaluationSettings(), members: members,
            outcome: Evaluator.Outcome(
                records: members.flatMap { member in
                    records.map { record in
                        var record = record
                        record.key.member = member.name
                        return record
                    }
                }, isComplete: true))
    }

    @Test("difficulties are summed up one by one, easiest first")
    func difficulties() {
        let part = report().parts[0]
        #expect(part.byDifficulty.map(\.difficulty) == [.level(1), .level(2)])
        #expect(part.byDifficulty.map(\.summary.problems) == [2, 1])
        #expect(part.byDifficulty[1].summary.accuracy == 0)
    }

    @Test("a member without samples is left out")
    func absent() {
        let report = Report(
            name: "s", settings: EvaluationSettings(),
            members: [Member(name: "m", origin: "o"), Member(name: "n", origin: "o")],
            outcome: Evaluator.Outcome(records: records, isComplete: false))
        #expect(report.parts.map(\.member) == ["m"])
        #expect(!report.isComplete)
    }

    @Test("the table has a cell for every head")
    func table() {
        let report = report()
        #expect(report.tableRows.count == 3)
        #expect(report.tableRows.allSatisfy { $0.count == report.tableHeader.count })
        #expect(report.tableRows[0].prefix(4) == ["m", "all", "3", "41.7"])
    }

    @Test("the JSON has shares, intervals and settings under plain names")
    func json() throws {
        let text = try report().json()
        let root = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(!text.contains("\n"))
        let members = try #require(root["members"] as? [[String: Any]])
        let overall = try #require(members.first?["overall"] as? [String: Any])
        #expect(overall["problems"] as? Int == 3)
        #expect((overall["accuracy_interval"] as? [String: Double])?["low"] != nil)
        #expect((overall["tokens"] as? [String: Any])?["p99"] != nil)
        #expect(members.first?["alpha"] as? Double == 0.1)
        let settings = try #require(root["settings"] as? [String: Any])
        #expect(settings["temperature"] as? Double == 0.6)
        #expect(settings["fingerprint"] as? String == EvaluationSettings().fingerprint)
    }

    @Test("the figure is well-formed whatever the names, with a point a member and panel")
    func plot() throws {
        let members = [
            Member(name: "<m> & \"n\" \u{1}\u{7}", alpha: 0.4, origin: "o"),
            Member(name: "alpha_0", alpha: 0, origin: "o"), Member(name: "other", origin: "o"),
        ]
        let svg = TradeoffPlot(report(members)).svg
        let elements = try XMLOutline(svg).elements
        // Three panels, and the legend.
        #expect(elements["circle"] == 3 * 3 + 3)
        #expect(elements["g"] == 3)
        #expect(elements["polyline"] == 3)
        #expect(svg.contains("set &lt;1&gt; &amp; &quot;2&quot;"))
        #expect(!svg.contains("nan") && !svg.contains("inf"))
        let empty = Report(
            name: "none", settings: EvaluationSettings(), members: [],
            outcome: Evaluator.Outcome(records: [], isComplete: false))
        #expect(try XMLOutline(TradeoffPlot(empty).svg).elements["circle"] == nil)
    }

    @Test(
        "an axis holds its range with a handful of round ticks",
        arguments: [
            (0.0, 1.0), (0, 97), (41.7, 43.2), (0, 13_173), (0, 1e-5), (99.9, 100), (50, 50),
        ])
    func axis(low: Double, high: Double) {
        let axis = Axis(from: low, to: high, count: 5)
        #expect(axis.low <= low && high <= axis.high + 1e-12)
        #expect((2...8).contains(axis.ticks.count))
        #expect(axis.place(axis.low) == 0 && axis.place(axis.high) == 1)
        #expect(Set(axis.ticks.map(Axis.label)).count == axis.ticks.count)
    }
}

/// How often each element stands in a document; throws where it is not well-formed.
private struct XMLOutline {
    struct Failure: Error {
        var reason: String
    }

    var elements: [String: Int] = [:]

    init(_ text: String) throws {
        var open: [String] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            try Self.checkText(rest[..<start])
            guard let end = rest[start...].firstIndex(of: ">") else {
                throw Failure(reason: "an open tag at the end")
            }
            var tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.first == "/" {
                guard open.popLast() == String(tag.dropFirst()) else {
                    throw Failure(reason: "</\(tag)> closes something else")
                }
                continue
            }
            let isEmpty = tag.last == "/"
            if isEmpty { tag.removeLast() }
            guard let whole = tag.wholeMatch(of: /(\w+)((?:\s+[\w\-:]+="[^"<]*")*)\s*/) else {
                throw Failure(reason: "<\(tag)>")
            }
            let names = whole.2.matches(of: /([\w\-:]+)="/).map(\.1)
            guard Set(names).count == names.count else {
                throw Failure(reason: "<\(tag)> has an attribute twice")
            }
            try Self.checkText(whole.2)
            elements[String(whole.1), default: 0] += 1
            if !isEmpty { open.append(String(whole.1)) }
        }
        guard open.isEmpty else { throw Failure(reason: "\(open) stay open") }
        guard rest.allSatisfy(\.isWhitespace) else { throw Failure(reason: "text at the end") }
    }

    private static func checkText(_ text: Substring) throws {
        let bare = text.replacing(/&(amp|lt|gt|quot);/, with: "")
        guard !bare.contains("&"), !bare.contains(">"),
            bare.unicodeScalars.allSatisfy({ $0.value >= 0x20 || $0 == "\n" })
        else { throw Failure(reason: "'\(text)'") }
    }
}
