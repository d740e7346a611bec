/// Two documents side by side, row by row.
public struct BenchmarkComparison: Sendable {
    /// A row that both have.
    public struct Pair: Sendable, Equatable {
        /// Of the first document.
        public var before: BenchmarkDocument.Row
        /// Of the second.
        public var after: BenchmarkDocument.Row

        /// Second median over first.
        public var ratio: Double { after.median / before.median }
        /// The ratios that the extremes of both allow.
        public var ratioRange: ClosedRange<Double> {
            let low = after.minimum / before.maximum
            return low...max(low, after.maximum / before.minimum)
        }
        /// Whether some sample of each lies within the extremes of the other: then the
        /// difference may be chance.
        public var rangesOverlap: Bool {
            before.minimum <= after.maximum && after.minimum <= before.maximum
        }
        /// `better`, `worse`, or `overlaps` where the samples do not tell.
        public var verdict: String {
            if rangesOverlap { return "overlaps" }
            return (ratio > 1) == (before.better == .higher) ? "better" : "worse"
        }
    }

    /// Rows of both, in the order of the first.
    public let pairs: [Pair]
    /// Keys of the first alone.
    public let onlyBefore: [String]
    /// Keys of the second alone.
    public let onlyAfter: [String]

    /// Compares two files.
    ///
    /// - Parameters:
    ///   - before: The first file.
    ///   - after: The second.
    /// - Throws: `BenchmarkError` for a file of another kind or without a common row.
    public init(before: String, after: String) throws(BenchmarkError) {
        let (one, other) = (
            try BenchmarkDocument(path: before), try BenchmarkDocument(path: after)
        )
        try self.init(one, other)
        if pairs.isEmpty { throw .nothingInCommon(before, after) }
    }

    init(
        _ before: BenchmarkDocument, _ after: BenchmarkDocument
    ) throws(BenchmarkError) {
        guard before.kind == after.kind else { throw .differentKinds(before.kind, after.kind) }
        // Of a key that occurs twice the last counts.
        let others = Dictionary(after.rows.map { ($0.key, $0) }) { $1 }
        let keys = Set(before.rows.map(\.key))
        pairs = before.rows.compactMap { row in
            others[row.key].flatMap { other in
                other.unit == row.unit ? Pair(before: row, after: other) : nil
            }
        }
        let common = Set(pairs.map(\.before.key))
        onlyBefore = before.rows.map(\.key).filter { !common.contains($0) }
        onlyAfter = after.rows.map(\.key).filter { !keys.contains($0) }
    }
}
