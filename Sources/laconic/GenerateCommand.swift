import ArgumentParser
import Foundation
import Inference
import Routing
import Tokenization

/// Answers one question on the terminal.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Answer a question on the terminal, the thought dimmed.")

    @Argument(help: "The question; - reads it from standard input.")
    var question: String

    @OptionGroup var models: ModelArguments

    @Option(
        help: ArgumentHelp("Ceiling on new tokens, thought included.", valueName: "tokens"))
    var budget: Int?

    @Option(
        help: ArgumentHelp(
            "Length penalty of the family's member that answers, one between two included.",
            valueName: "alpha"))
    var alpha: Double?

    @Option(help: ArgumentHelp("Instructions before the question.", valueName: "text"))
    var system: String?

    @Option(help: "Sampling temperature; 0 is greedy (default: the model's).")
    var temperature: Float?

    @Option(help: "Makes the answer reproducible.")
    var seed: UInt64?

    @Flag(help: "Continue the text as it is, without the chat template.")
    var raw = false

    @Flag(help: "Write one JSON object instead of text.")
    var json = false

    func validate() throws {
        if let budget, budget < 1 {
            throw ValidationError("--budget is \(budget); expected at least 1 token")
        }
        if let temperature, !(0...100).contains(temperature) {
            throw ValidationError("--temperature is \(temperature); expected 0 to 100")
        }
    }

    func run() async throws {
        var options = models.options
        // One question needs one member.
        options.loading = options.loading ?? .lazy
        let catalog = try models.load(options: options) { line in
            Terminal.errors.line(Terminal.errors.dim(line))
        }
        let start = ContinuousClock.now
        var answer = Answer(showsText: !json)
        for await event in try await catalog.complete(try request()) { answer.take(event) }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let data = try encoder.encode(answer.report(seconds: seconds))
            Terminal.output.line(String(decoding: data, as: UTF8.self))
        } else {
            Terminal.output.line()
            Terminal.errors.line(Terminal.errors.dim(answer.summary(seconds: seconds)))
        }
    }

    private func request() throws -> CompletionRequest {
        var text = question
        if question == "-" {
            guard let input = try FileHandle.standardInput.readToEnd(),
                let read = String(validating: input, as: UTF8.self)
            else { throw ValidationError("standard input: expected UTF-8 text") }
            text = read
        }
        let prompt: CompletionRequest.Prompt
        if raw {
            prompt = .text(text)
        } else {
            let turns = (system.map { [("system", $0)] } ?? []) + [("user", text)]
            let messages = turns.map { role, content in
                TemplateValue.object([
                    TemplateValue.Pair(key: "role", value: .string(role)),
                    TemplateValue.Pair(key: "content", value: .string(content)),
                ])
            }
            prompt = .conversation(["messages": .array(messages)])
        }
        var request = CompletionRequest(prompt: prompt)
        var allowed = Budget()
        allowed.tokens = budget
        request.budget = allowed
        request.alpha = alpha
        request.sampling.temperature = temperature
        request.sampling.seed = seed
        return request
    }
}

/// What came of one question, shown as it comes.
private struct Answer {
    /// The result for programs.
    struct Report: Encodable {
        var model: String
        var reasoning: String
        var text: String
        var finish_reason: String
        var prompt_tokens: Int
        var completion_tokens: Int
        var reasoning_tokens: Int
        var seconds: Double
    }

    let showsText: Bool
    private var model = ""
    private var promptTokens = 0
    private var reasoning = ""
    private var text = ""
    private var finished: CompletionEvent.Finished?

    init(showsText: Bool) {
        self.showsText = showsText
    }

    mutating func take(_ event: CompletionEvent) {
        switch event {
        case .accepted(let accepted), .escalated(let accepted):
            model = accepted.model
            promptTokens = accepted.promptTokens
        case .echo, .revised:
            break
        case .delta(let delta):
            if showsText {
                if text.isEmpty && !reasoning.isEmpty && !delta.content.isEmpty {
                    Terminal.output.write("\n\n")
                }
                Terminal.output.write(Terminal.output.dim(delta.reasoning) + delta.content)
            }
            reasoning += delta.reasoning
            text += delta.content
        case .finished(let finished):
            self.finished = finished
        }
    }

    func report(seconds: Double) -> Report {
        Report(
            model: model, reasoning: reasoning, text: text,
            finish_reason: finished?.reason.rawValue ?? "cancelled", prompt_tokens: promptTokens,
            completion_tokens: finished?.completionTokens ?? 0,
            reasoning_tokens: finished?.reasoningTokens ?? 0, seconds: seconds)
    }

    func summary(seconds: Double) -> String {
        let count = finished?.completionTokens ?? 0
        let thought = finished?.reasoningTokens ?? 0
        let rate = String(format: "%.1f", Double(count) / max(seconds, 1e-9))
        return "\(model): \(promptTokens) prompt + \(count) new tokens (\(thought) thought), "
            + "\(rate) tokens/s, \(finished?.reason.rawValue ?? "cancelled")"
    }
}
