import Testing
import Tokenization

@Suite struct TemplateReferenceTests {
    static let templates = [
        "chatml", "command-r-plus-tool-use", "deepseek-v3", "deepseek-v3.1", "functionary-3.1",
        "gemma-2", "gpt-oss", "granite-3.3", "hermes-3-tool-use", "kimi-k2", "lfm2", "llama-2",
        "llama-3.1", "llama-3.2", "mistral-7b", "mistral-nemo", "phi-3.5", "qwen2", "qwen2.5",
        "qwen3", "qwen3-coder", "qwq", "r1-distill", "r1-distill-closed", "r1-distill-tools",
        "smollm2", "smollm3",
    ]

    @Test(arguments: templates)
    func aPublishedTemplateRendersEveryConversationAsTheReferenceDoes(_ name: String) throws {
        let source = try TemplateFixtures.source(name)
        let conversations = try TemplateFixtures.json("conversations.json")
        let renderings = try TemplateFixtures.json("renderings.json")
        let outcomes = try TemplateFixtures.variables(renderings[name])
        #expect(outcomes.count >= 20)
        for (conversation, outcome) in outcomes {
            let variables = try TemplateFixtures.variables(conversations[conversation])
            #expect(
                TemplateFixtures.outcome(source, variables) == TemplateFixtures.expected(outcome),
                "\(name), \(conversation)")
        }
    }

    @Test func everyTemplateOfTheFixturesIsTested() throws {
        let renderings = try TemplateFixtures.variables(
            try TemplateFixtures.json("renderings.json"))
        #expect(renderings.keys.sorted() == Self.templates.sorted())
    }

    @Test func everyConstructRendersAsTheReferenceDoes() throws {
        let fixture = try TemplateFixtures.json("snippets.json")
        let variables = try TemplateFixtures.variables(fixture["variables"])
        guard case .array(let cases)? = fixture["cases"] else {
            Issue.record("no cases")
            return
        }
        #expect(cases.count >= 800)
        for snippet in cases {
            guard case .string(let source)? = snippet["source"] else { continue }
            let outcome = TemplateFixtures.outcome(source, variables)
            #expect(outcome == TemplateFixtures.expected(snippet), "\(source)")
        }
    }

    @Test func aTemplateIsCompiledOnceAndRendersTheSameEveryTime() throws {
        let template = try ChatTemplate(source: try TemplateFixtures.source("r1-distill"))
        let conversations = try TemplateFixtures.json("conversations.json")
        let variables = try TemplateFixtures.variables(conversations["multi-turn"])
        let first = try template.render(variables)
        #expect(first.hasSuffix("<｜Assistant｜><think>\n"))
        for _ in 0..<10 { #expect(try template.render(variables) == first) }
    }
}
