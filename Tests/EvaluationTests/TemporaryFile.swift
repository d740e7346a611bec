import Foundation

/// A path that nothing lies at; what is put there goes with the test.
final class TemporaryFile {
    let path: String

    init() {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("evaluation-\(UUID().uuidString).jsonl").path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    var bytes: [UInt8] { Array(FileManager.default.contents(atPath: path) ?? Data()) }

    func write(_ bytes: some Sequence<UInt8>) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}
