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
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let line =
            "\(Timestamp.now) \(event.level) \(label):\(pairs) [\(event.source)] "
            + "\(event.message)"
        sink.write(Self.escaped(line).utf8)
    }

    /// A text on one line: what a client sent cannot end it, forge another, or drive a terminal.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
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
