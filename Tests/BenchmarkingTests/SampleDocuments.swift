import Foundation

@testable import Benchmarking

/// A document with these rows and nothing else of interest.
func document(
    _ rows: [BenchmarkDocument.Row], kind: BenchmarkDocument.Kind = .decoder
) -> BenchmarkDocument {
    BenchmarkDocument(
        kind: kind, program: .init(version: "1", commit: "abc"), machine: BenchmarkMachine(),
        command: "laconic bench", subject: ["model": "m"], rows: rows)
}

/// A row of these samples.
func row(
    _ key: String, _ samples: [Double], _ better: BenchmarkDocument.Row.Better = .higher
) -> BenchmarkDocument.Row {
    BenchmarkDocument.Row(key: key, unit: "u", better: better, samples: samples)
}

/// Lends a file that holds `text`.
func withFile(_ text: String, _ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "laconic-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    try body(path)
}
