import ArgumentParser
import Benchmarking
import Foundation

/// Shows two results side by side.
struct BenchCompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Show two JSON results side by side: medians, ratio B/A and its spread.",
        discussion: """
            The spread of a ratio is what the extremes of both sides allow; where they overlap \
            the difference may be chance.
            """)

    @Argument(help: ArgumentHelp("A file that bench --json wrote.", valueName: "A"))
    var before: String

    @Argument(help: ArgumentHelp("Another of the same kind.", valueName: "B"))
    var after: String

    func run() async throws {
        let comparison = try BenchmarkComparison(before: before, after: after)
        Terminal.output.table(
            header: ["row", "unit", "A", "B", "B/A", "spread", "verdict"],
            rows: comparison.pairs.map { pair in
                let range = pair.ratioRange
                return [
                    pair.before.key, pair.before.unit, Self.text(pair.before.median),
                    Self.text(pair.after.median), String(format: "%.2f", pair.ratio),
                    String(format: "%.2f–%.2f", range.lowerBound, range.upperBound),
                    pair.verdict,
                ]
            })
        for (name, keys) in [("A", comparison.onlyBefore), ("B", comparison.onlyAfter)]
        where !keys.isEmpty {
            Terminal.output.line(
                Terminal.output.dim("only in \(name): \(keys.joined(separator: "; "))"))
        }
    }

    private static func text(_ value: Double) -> String {
        String(format: value < 10 ? "%.2f" : value < 1000 ? "%.1f" : "%.0f", value)
    }
}
