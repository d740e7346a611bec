import Foundation
import Glibc
import Tokenization

/// The file that keeps every sample, a line each, written as soon as it is there.
///
/// A process that is killed loses at most the line it was writing: the next one finds the torn
/// end, cuts it off, and goes on. One process at a time holds the file.
public struct SampleLog {
    /// Where it lies.
    public let path: String
    /// The samples it held when it was opened, with the lines where they stand.
    private(set) var records: [SampleRecord.Key: (line: Int, record: SampleRecord)] = [:]
    private let settings: EvaluationSettings
    private let file: LockedFile
    private var handle: FileHandle { file.handle }

    /// Opens or makes a file and reads the samples that it holds.
    ///
    /// - Parameters:
    ///   - path: Where it lies.
    ///   - settings: What all its samples must have been made with.
    /// - Throws: `EvaluationError.otherSetting` when one was made with other settings,
    ///   `.inUse` when another process writes to it, others when it is no such file.
    public init(path: String, settings: EvaluationSettings) throws(EvaluationError) {
        self.path = path
        self.settings = settings
        if !FileManager.default.fileExists(atPath: path) {
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw .file(path: path, reason: "cannot be made")
            }
        }
        guard let handle = FileHandle(forUpdatingAtPath: path) else {
            throw .file(path: path, reason: "cannot be read and written")
        }
        guard let file = LockedFile(handle) else { throw .inUse(path: path) }
        self.file = file
        var bytes: [UInt8]
        do {
            bytes = Array(try handle.readToEnd() ?? Data())
            // Only the last line can be torn: lines are appended whole, or not to their end.
            let whole = (bytes.lastIndex(of: 0x0A) ?? -1) + 1
            if whole < bytes.count {
                try handle.truncate(atOffset: UInt64(whole))
                bytes.removeSubrange(whole...)
            }
            try handle.seekToEnd()
        } catch {
            throw .file(path: path, reason: "cannot be read and written")
        }
        for (number, bytes) in JSONLines(bytes) {
            let line = try JSONLine(bytes, file: path, number: number)
            try check(try line.object("settings"), line: number)
            let record = try SampleRecord(line)
            records[record.key] = (number, record)
        }
    }

    private func check(
        _ found: [TemplateValue.Pair], line: Int
    ) throws(EvaluationError) {
        for field in settings.fields {
            let value = found.first { $0.key == field.key }?.value
            guard value != field.value else { continue }
            throw .otherSetting(
                file: path, line: line, name: field.key, expected: field.value.json,
                found: value?.json ?? "none")
        }
    }

    /// The sample of that name, if it was made from this problem by this member.
    ///
    /// - Parameters:
    ///   - key: The name.
    ///   - problem: The problem.
    ///   - origin: What the member is.
    /// - Returns: The sample; `nil` when there is none yet.
    /// - Throws: `EvaluationError.otherSetting` when the problem or the member was another one.
    func record(
        _ key: SampleRecord.Key, problem: Problem, origin: String
    ) throws(EvaluationError) -> SampleRecord? {
        guard let (line, record) = records[key] else { return nil }
        guard record.digest == problem.digest else {
            throw .otherSetting(
                file: path, line: line, name: "problem '\(key.problem)'",
                expected: problem.digest, found: record.digest)
        }
        guard record.origin == origin else {
            throw .otherSetting(
                file: path, line: line, name: "checkpoint '\(key.member)'",
                expected: "'\(origin)'", found: "'\(record.origin)'")
        }
        return record
    }

    /// Writes a sample at the end.
    ///
    /// - Parameter record: The sample.
    /// - Throws: `EvaluationError.file` when the disk refuses it.
    func append(_ record: SampleRecord) throws(EvaluationError) {
        do {
            try handle.write(contentsOf: Data((record.line(settings) + "\n").utf8))
        } catch {
            throw .file(path: path, reason: "cannot be written: \(SystemReason.of(error))")
        }
    }
}

/// A file that nobody else who asks holds at the same time.
private final class LockedFile {
    let handle: FileHandle

    /// Locks an open file; nil where somebody else has it.
    init?(_ handle: FileHandle) {
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
        self.handle = handle
    }

    // Closing the file would not do: a child process that is just being started has the descriptor
    // too, until it executes its program, and the lock would live as long.
    deinit { flock(handle.fileDescriptor, LOCK_UN) }
}
