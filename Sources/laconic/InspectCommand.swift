import ArgumentParser
import Foundation
import Inference

/// Says what a checkpoint is and checks all of it.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say what a checkpoint is and check all of it, or how a family's members differ.",
        discussion: "Exit code 1 and one line say what is wrong with a broken one.")

    @Argument(
        help: "A folder with safetensors, a .gguf or .safetensors file, or a family's folder.")
    var path: String

    @Flag(help: "Write JSON instead of a table.")
    var json = false

    @Option(help: ArgumentHelp("Threads that read the weights.", valueName: "count"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads); expected 1 to 1024")
        }
    }

    func run() async throws {
        if FamilyReport.isFamily(path: path) {
            return try show(try FamilyReport(path: path))
        }
        let report = try CheckpointReport(path: path, threads: threads) { _, _ in }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            Terminal.output.line(String(decoding: try encoder.encode(report), as: UTF8.self))
            return
        }
        let rows = report.rows
        let width = rows.map(\.0.count).max() ?? 0
        for (name, value) in rows {
            let padding = String(repeating: " ", count: width - name.count)
            Terminal.output.line("\(Terminal.output.dim(name + padding))  \(value)")
        }
    }
}

extension InspectCommand {
    /// The members, then each tensor's change from the reference: values changed, size.
    private func show(_ report: FamilyReport) throws {
        guard !json else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            Terminal.output.line(String(decoding: try encoder.encode(report), as: UTF8.self))
            return
        }
        let change = { (difference: FamilyReport.Difference) in
            String(format: "%.1f / %.2f", 100 * difference.changed, 100 * difference.relative)
        }
        Terminal.output.line("\(report.name): \(report.members.count) members")
        Terminal.output.table(
            header: ["member", "alpha", "measured on", "changed / size %"],
            rows: report.members.map { member in
                [
                    member.id, member.alpha.map { "\($0)" } ?? "",
                    member.measuredProblems > 0 ? "\(member.measuredProblems) problems" : "nothing",
                    member.overall.map(change) ?? "compared with",
                ]
            })
        let others = report.members.filter { !$0.differences.isEmpty }
        guard let first = others.first else { return }
        Terminal.output.line()
        Terminal.output.table(
            header: ["tensor"] + others.map(\.id),
            rows: first.differences.indices.map { index in
                [first.differences[index].tensor] + others.map { change($0.differences[index]) }
            })
    }
}

extension CheckpointReport {
    /// Names and values, for people.
    fileprivate var rows: [(String, String)] {
        var rows = [
            ("checkpoint", path),
            ("format", "\(format), \(weightFiles.joined(separator: ", "))"),
            ("architecture", architecture), ("parameters", Self.millions(parameters)),
        ]
        for share in types {
            rows.append(
                (
                    "  \(share.type)",
                    "\(share.tensors) tensors, \(Self.millions(share.parameters)), "
                        + Self.size(share.bytes)
                ))
        }
        rows += [
            ("layers", "\(layers)"),
            ("width", "\(hiddenSize), feed-forward \(intermediateSize)"),
            ("heads", "\(heads) of \(headSize), \(keyValueHeads) for keys and values"),
            (
                "vocabulary",
                "\(vocabularySize) rows, tokenizer \(tokenizerSize) ids"
                    + (tiesEmbeddings ? ", tied" : "")
            ),
            ("context", "\(contextLength) tokens"), ("rope", rope),
        ]
        if let slidingWindow { rows.append(("sliding window", slidingWindow)) }
        rows += specialIDs.map { ($0.role, "\($0.id) \($0.text)") }
        rows += [
            ("stop ids", stopIDs.map(String.init).joined(separator: ", ")),
            ("start token", addsBOS ? "added to plain text" : "not added to plain text"),
            ("thought", reasoning), ("chat template", chatTemplate),
            (
                "sampling",
                sampling.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                    .joined(separator: ", ")
            ),
            (
                "memory",
                "\(Self.size(weightBytes)) of weights, "
                    + "\(Self.size(keyValueBytesPerToken)) a cached token, "
                    + "\(Self.size(memoryBytes)) with one sequence of \(contextLength)"
            ),
        ]
        if !unusedTensors.isEmpty {
            let shown = unusedTensors.prefix(3).joined(separator: ", ")
            rows.append(("not used", "\(unusedTensors.count) tensors: \(shown)"))
        }
        return rows + [("tensors", "all present, of the right shape, finite")]
    }

    private static func millions(_ count: Int) -> String {
        String(format: "%.2f M", Double(count) / 1e6)
    }

    private static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<10_000: "\(bytes) B"
        case ..<10_000_000: String(format: "%.1f kB", Double(bytes) / 1e3)
        case ..<10_000_000_000: String(format: "%.1f MB", Double(bytes) / 1e6)
        default: String(format: "%.2f GB", Double(bytes) / 1e9)
        }
    }
}
