import Testing
import Tokenization

@Suite struct ChatTemplateTests {
    private func render(
        _ source: String, _ variables: [String: TemplateValue] = [:]
    ) throws(TemplateError) -> String {
        try ChatTemplate(source: source).render(variables)
    }

    @Test func aTemplateThatRefusesGivesItsOwnMessage() {
        #expect(throws: TemplateError.raised("Only users, please: tool")) {
            try render(
                "\n{{ raise_exception('Only users, please: ' ~ role) }}", ["role": .string("tool")])
        }
    }

    @Test func errorsNameTheLine() {
        #expect(throws: TemplateError.undefinedValue(line: 3, message: "'x' is undefined")) {
            try render("a\n\n{{ x.y }}")
        }
        #expect(throws: TemplateError.evaluation(line: 2, message: "division by zero")) {
            try render("a\n{{ 1 / 0 }}")
        }
        #expect(
            throws: TemplateError.syntax(line: 2, message: "expected an expression, found '}}'")
        ) { try render("a\n{{ }}") }
        #expect(throws: TemplateError.self) { try render("{% include 'x' %}") }
    }

    @Test(arguments: ["include 'x'", "import 'x' as y", "from 'x' import y", "extends 'x'"])
    func otherTemplatesAreOutOfReach(_ tag: String) {
        guard
            case .security = #expect(
                throws: TemplateError.self,
                performing: {
                    try render("{% \(tag) %}")
                })
        else {
            Issue.record("not refused as unsafe")
            return
        }
    }

    @Test func absentAndNullAreDifferent() throws {
        let source = "{{ x is defined }} {{ x is none }} {{ x }}"
        #expect(try render(source) == "False False ")
        #expect(try render(source, ["x": .undefined]) == "False False ")
        #expect(try render(source, ["x": .null]) == "True True None")
    }

    @Test func textIsComparedByCodePoints() throws {
        let variables: [String: TemplateValue] = [
            "a": .string("\u{E9}"), "b": .string("e\u{301}"),
            "d": .object([
                .init(key: "\u{E9}", value: .integer(1)),
                .init(key: "e\u{301}", value: .integer(2)),
            ]),
        ]
        #expect(
            try render("{{ a == b }} {{ a|length }} {{ b|length }} {{ d[a] }}{{ d[b] }}", variables)
                == "False 1 2 12")
    }

    @Test func theClockIsTheCallers() throws {
        let template = try ChatTemplate(source: "{{ strftime_now('%d %b %Y, %j') }}")
        let text = try template.render([:]) { TemplateTime(year: 2024, month: 12, day: 31) }
        #expect(text == "31 Dec 2024, 366")
    }

    @Test func theDefaultClockIsTheSystems() throws {
        let year = try #require(Int(try render("{{ strftime_now('%Y') }}")))
        #expect((2025...2200).contains(year))
    }

    @Test func concurrentRenderingsDoNotMeet() async throws {
        let template = try ChatTemplate(
            source: "{% set ns = namespace(n=0) %}{% for i in range(n) %}{% set ns.n = ns.n + i %}"
                + "{% endfor %}{{ ns.n }}")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for count in 0..<16 {
                group.addTask {
                    let text = try template.render(["n": .integer(count * 10)])
                    #expect(text == String((count * 10) * (count * 10 - 1) / 2))
                }
            }
            try await group.waitForAll()
        }
    }
}

@Suite struct ChatTemplateSetTests {
    private func set(_ json: String) throws(TemplateError) -> ChatTemplateSet {
        try ChatTemplateSet(field: try TemplateValue(json: Array(json.utf8)))
    }

    @Test func aSingleTemplateServesEverything() throws {
        let set = try set(#""one""#)
        #expect(set == ChatTemplateSet(source: "one"))
        #expect(try set.source() == "one")
        #expect(try set.source(hasTools: true) == "one")
    }

    @Test func namedTemplatesAreChosenByUse() throws {
        let set = try set(
            """
            [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"},
             {"name": "rag", "template": "r"}]
            """)
        #expect(try set.source() == "d")
        #expect(try set.source(hasTools: true) == "t")
        #expect(try set.source(named: "rag", hasTools: true) == "r")
        #expect(
            throws: TemplateError.missingTemplate(
                name: "x", available: ["default", "rag", "tool_use"])
        ) { try set.source(named: "x") }
    }

    @Test func aSetWithoutDefaultServesNothingElse() throws {
        let set = try set(#"[{"name": "rag", "template": "r"}]"#)
        #expect(throws: TemplateError.missingTemplate(name: "default", available: ["rag"])) {
            try set.source()
        }
    }

    @Test(arguments: [
        "1", "null", "[]", "{}", "[1]", #"[{"name": "a"}]"#, #"[{"name": 1, "template": "x"}]"#,
    ])
    func otherShapesAreRefused(_ json: String) {
        #expect(throws: TemplateError.self) { try set(json) }
    }
}
