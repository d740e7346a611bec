import Foundation

/// What goes to a person: colour only where a terminal shows it.
struct Terminal {
    /// Standard output, for results.
    static let output = Terminal(descriptor: 1)
    /// Standard error, for progress and remarks.
    static let errors = Terminal(descriptor: 2)

    private let handle: FileHandle
    private let isTerminal: Bool

    private init(descriptor: Int32) {
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        isTerminal =
            isatty(descriptor) == 1
            && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
    }

    /// Writes text as it is; a closed pipe ends the program's interest in it.
    func write(_ text: String) {
        try? handle.write(contentsOf: Data(text.utf8))
    }

    /// Writes a line.
    func line(_ text: String = "") {
        write(text + "\n")
    }

    /// The text in a fainter colour, on a terminal.
    func dim(_ text: String) -> String {
        isTerminal && !text.isEmpty ? "\u{1B}[2m\(text)\u{1B}[0m" : text
    }

    /// Rows of columns, the first left-aligned and the others to the right, under a header.
    func table(header: [String], rows: [[String]]) {
        let all = [header] + rows
        let widths = header.indices.map { column in
            all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        for (index, row) in all.enumerated() {
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + padding : padding + row[column]
            }
            let text = cells.joined(separator: "  ")
            line(index == 0 ? dim(text) : text)
        }
    }
}
