import ArgumentParser
import Evaluation
import Foundation

/// Writes generated problems.
struct ProblemsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "problems",
        abstract: "Write generated problems as JSON lines for laconic evaluate.",
        discussion: """
            The same flags always give the same problems, and no computation is in two splits, \
            whatever the seed.
            """)

    @Option(help: "What they are for: train, calibration or test.", transform: Self.name)
    var split = Split.test

    @Option(
        help: "How hard they are: easy, medium or hard. May be repeated (default: all).",
        transform: Self.name)
    var tier: [Tier] = []

    @Option(help: ArgumentHelp("Problems of each tier.", valueName: "count"))
    var count = 1000

    @Option(help: "All problems follow from it.")
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Where to write (default: standard output).", valueName: "file"))
    var out: String?

    /// Reads a split's or a tier's name.
    static func name<Choice: RawRepresentable<String> & CaseIterable>(
        _ text: String
    ) throws -> Choice {
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("'\(text)': expected one of \(names)")
        }
        return choice
    }

    func validate() throws {
        guard (1...10_000_000).contains(count) else {
            throw ValidationError("--count is \(count); expected 1 to 10000000")
        }
    }

    func run() throws {
        let generator = ProblemGenerator(seed: seed)
        let tiers = Tier.allCases.filter { tier.isEmpty || tier.contains($0) }
        var lines: [String] = []
        for tier in tiers {
            lines += try generator.lines(tier: tier, split: split, count: count)
        }
        let text = lines.joined(separator: "\n") + "\n"
        guard let out else { return Terminal.output.write(text) }
        try OutputFile.write(Data(text.utf8), to: out)
    }
}
