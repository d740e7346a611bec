import ArgumentParser
import Serving

/// The flags that say what the server tells its operator.
struct ReportArguments: ParsableArguments {
    /// How the line looks that every request leaves.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case json, text, off
    }

    @Option(
        help: ArgumentHelp(
            "The line that every request leaves on standard error: text, at level info, json or "
                + "off.",
            valueName: "format"))
    var accessLog = Format.text

    @Flag(help: "Log prompts and answers too, which nothing else does.")
    var logPrompts = false

    @Flag(
        help: ArgumentHelp(
            "Tell autoscalers and gateways the metrics that they read from vLLM, under its names "
                + "too."))
    var vllmMetrics = false

    func validate() throws {
        guard !logPrompts || accessLog != .off else {
            throw ValidationError(
                "--log-prompts needs the access log; leave out --access-log off")
        }
    }

    /// Sets what the flags say.
    func apply(to configuration: inout ServingConfiguration) {
        let sink = LineSink.standardError
        configuration.accessLog =
            switch accessLog {
            case .json: .json { sink.write($0) }
            case .text: .text
            case .off: .off
            }
        configuration.logsPrompts = logPrompts
        configuration.speaksVLLMMetrics = vllmMetrics
        configuration.droppedLogLines = { sink.droppedCount }
    }
}
