import Foundation
import Glibc

/// A directory of its own for one test, removed when the test lets go of it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "laconic-checkpoints-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = "\(path)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Writes a text file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    /// Makes a symbolic link and returns its path.
    @discardableResult
    func link(_ name: String, to target: String) throws -> String {
        let path = "\(path)/\(name)"
        try FileManager.default.createSymbolicLink(
            atPath: path, withDestinationPath: target)
        return path
    }

    /// Makes a pipe that nobody writes to and returns its path.
    @discardableResult
    func pipe(_ name: String) throws -> String {
        let path = "\(path)/\(name)"
        guard unsafe mkfifo(path, 0o600) == 0 else { throw POSIXError(.EIO) }
        return path
    }
}
