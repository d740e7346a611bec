import Logging
import Testing

@testable import laconic

@Suite struct PatientLogHandlerTests {
    @Test func `what clients send cannot end a line or drive a terminal`() {
        #expect(PatientLogHandler.escaped("plain é 漢字 🙂") == "plain é 漢字 🙂")
        let escaped = PatientLogHandler.escaped("a\nb\r\u{0}\u{1B}[2J\u{85}\u{2028}\u{202E}c\r\n")
        #expect(escaped.hasPrefix(#"a\nb\r\0"#) && escaped.hasSuffix(#"c\r\n"#))
        #expect(
            !escaped.unicodeScalars.contains {
                [.control, .lineSeparator, .paragraphSeparator, .format].contains(
                    $0.properties.generalCategory)
            })
    }

    @Test func `a line has time, level, what is known, and the message`() throws {
        let pipe = LogPipe()
        var logger = Logger(label: "laconic") { PatientLogHandler(label: $0, sink: pipe.sink) }
        logger.info("POST /x 200", metadata: ["ms": "1.5", "id": "forged\n2026 info"])
        logger.logLevel = .warning
        logger.info("unseen")
        let line = try #require(pipe.read().split(separator: "\n").first)
        #expect(pipe.read().isEmpty)
        #expect(
            line.hasSuffix(
                #"Z info laconic: id=forged\n2026 info ms=1.5 [laconicTests] POST /x 200"#))
    }
}
