import Logging
import Serving

/// A log on standard error that drops a line rather than wait for a reader.
///
/// A supervisor that never empties the pipe would otherwise stop the server after some hundred
/// requests: every answer is logged, and a write to a full pipe blocks.
///
///     2026-11-26T12:00:00.250000Z info laconic: id=req-… ms=12.5 [Serving] POST /generate 200
struct PatientLogHandler: LogHandler {
    private let label: String
    private let sink: LineSink

    /// A handler for `label`.
    init(label: String, sink: LineSink = .standardError) {
        self.label = label
        self.sink = sink
    }

    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = event.metadata ?? [:]
        if !metadata.isEmpty { all.merge(metadata) { given, _ in given } }
        var line = "\(Timestamp.now) \(event.level) \(label):"
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(key)="
            if case .string(let text) = value { line += text } else { line += "\(value)" }
        }
        line += " [\(event.source)] \(event.message)"
        sink.write(Self.escaped(line).utf8)
    }

    /// A text on one line: what a client sent cannot end it, forge another, or drive a terminal.
    static func escaped(_ text: String) -> String {
        // Most lines are plain ASCII, whose bytes tell as much.
        guard !text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
            text.unicodeScalars.contains(where: isControl)
        else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                escaped += scalar.escaped(asASCII: true)
            } else {
                escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: true
        default: false
        }
    }
}
