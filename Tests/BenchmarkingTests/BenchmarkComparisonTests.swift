import Testing

@testable import Benchmarking

@Suite struct BenchmarkComparisonTests {
    @Test func `rows are matched by key, and ratios carry the spread of both`() throws {
        let comparison = try BenchmarkComparison(
            document([row("a", [10, 8, 12]), row("b", [1]), row("gone", [1])]),
            document([row("new", [1]), row("b", [1]), row("a", [20, 24, 16])]))
        #expect(comparison.pairs.map(\.before.key) == ["a", "b"])
        #expect(comparison.onlyBefore == ["gone"] && comparison.onlyAfter == ["new"])
        let first = comparison.pairs[0]
        #expect(first.ratio == 2 && !first.rangesOverlap && first.verdict == "better")
        #expect(first.ratioRange == 16.0 / 12...3)
        #expect(comparison.pairs[1].verdict == "overlaps")
    }

    @Test(arguments: [
        ([10.0, 11], [5.0, 6], BenchmarkDocument.Row.Better.higher, "worse"),
        ([10, 11], [5, 6], .lower, "better"), ([5, 6], [10, 11], .lower, "worse"),
        ([5, 10], [10, 11], .lower, "overlaps"),
    ])
    func `less is better for times, and overlapping samples decide nothing`(
        before: [Double], after: [Double], better: BenchmarkDocument.Row.Better, verdict: String
    ) throws {
        let comparison = try BenchmarkComparison(
            document([row("a", before, better)]), document([row("a", after, better)]))
        #expect(comparison.pairs[0].verdict == verdict)
    }

    @Test func `documents of two kinds or without a common row are not compared`() throws {
        let one = document([row("a", [1])])
        #expect(throws: BenchmarkError.differentKinds(.decoder, .load)) {
            _ = try BenchmarkComparison(one, document([row("a", [1])], kind: .load))
        }
        try withFile(try one.json()) { before in
            try withFile(try document([row("b", [1])]).json()) { after in
                #expect(throws: BenchmarkError.nothingInCommon(before, after)) {
                    _ = try BenchmarkComparison(before: before, after: after)
                }
            }
        }
    }
}
