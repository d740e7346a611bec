import Foundation

/// What a load measured.
public struct LoadReport: Sendable {
    /// A line of the report: percentiles of times, or a rate.
    public struct Line: Sendable {
        /// What it is.
        public let name: String
        /// Milliseconds, ascending.
        public let sorted: [Double]

        /// A percentile in milliseconds; not a number where nothing was measured.
        public func percentile(_ percent: Double) -> Double { sorted.percentile(percent) }
    }

    /// To the first text, between two, and to the end of the answer.
    public let lines: [Line]
    /// Requests that were answered.
    public let answered: Int
    /// Failures by kind.
    public let errors: [String: Int]
    /// One failure of each kind in words, in the order of their kinds.
    public let reasons: [String]
    /// From the first request to the end of the last answer, seconds.
    public let seconds: Double
    /// Tokens of all answers.
    public let tokens: Int
    /// Mean tokens of a prompt, where the server says so.
    public let promptTokens: Double?
    /// Whether tokens are what the server says, not pieces of text.
    public let countsUsage: Bool
    /// Share of one processor that the generator took.
    public let processorShare: Double
    /// The model that was asked.
    public let model: String?
    private let plan: LoadPlan
    private let target: LoadTarget
    private let firstTokens: [Double]
    private let meanGaps: [Double]
    private let ends: [Double]

    init(
        plan: LoadPlan, target: LoadTarget, samples: [LoadSample],
        start: ContinuousClock.Instant, processorSeconds: Double
    ) {
        let good = samples.filter { $0.failure == nil }
        let milliseconds = { (time: Duration) in time / .milliseconds(1) }
        firstTokens = good.compactMap { sample in
            sample.firstToken.map { milliseconds($0 - sample.start) }
        }
        ends = good.map { milliseconds($0.end - $0.start) }
        // A piece may hold several tokens: the mean over the answer's tokens is fair to both.
        meanGaps = good.compactMap { sample in
            guard let first = sample.firstToken, let last = sample.lastToken,
                sample.tokenCount > 1
            else { return nil }
            return milliseconds(last - first) / Double(sample.tokenCount - 1)
        }
        lines = [
            Line(name: "first token", sorted: firstTokens.sorted()),
            Line(name: "between chunks", sorted: good.flatMap(\.gaps).map { $0 * 1000 }.sorted()),
            Line(name: "per further token", sorted: meanGaps.sorted()),
            Line(name: "end to end", sorted: ends.sorted()),
        ]
        let failures = samples.compactMap(\.failure)
        errors = Dictionary(failures.map { ($0.kind, 1) }, uniquingKeysWith: +)
        let examples = Dictionary(failures.map { ($0.kind, $0.reason) }) { first, _ in first }
        reasons = examples.sorted { $0.key < $1.key }.map(\.value)
        answered = good.count
        let first = samples.map(\.start).min() ?? start
        seconds = (good.map(\.end).max() ?? first).seconds(since: first)
        tokens = good.reduce(0) { $0 + $1.tokenCount }
        countsUsage = good.allSatisfy { $0.reportedTokens != nil }
        let prompts = good.compactMap(\.promptTokens)
        promptTokens =
            prompts.isEmpty ? nil : Double(prompts.reduce(0, +)) / Double(prompts.count)
        processorShare = processorSeconds / max(1e-9, ContinuousClock.now.seconds(since: start))
        model = plan.model
        self.plan = plan
        self.target = target
    }

    /// Output tokens a second over all clients.
    public var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }

    /// Answers a second.
    public var requestsPerSecond: Double { seconds > 0 ? Double(answered) / seconds : 0 }

    /// The report as a document's rows.
    ///
    /// - Throws: `nothingMeasured` where no request was answered.
    public func rows() throws(BenchmarkError) -> [BenchmarkDocument.Row] {
        guard answered > 0 else {
            throw .nothingMeasured(
                reason: reasons.isEmpty ? "none was sent" : reasons.joined(separator: "; "))
        }
        let name = plan.name
        var rows = [
            BenchmarkDocument.Row(
                key: "output, \(name)", unit: "tokens/s", better: .higher,
                samples: [tokensPerSecond],
                details: [
                    "tokens": Double(tokens), "seconds": seconds, "requests": Double(answered),
                    "generator_processor_share": processorShare,
                ].merging(promptTokens.map { ["mean_prompt_tokens": $0] } ?? [:]) { $1 }),
            BenchmarkDocument.Row(
                key: "requests, \(name)", unit: "1/s", better: .higher,
                samples: [requestsPerSecond]),
        ]
        let all = [firstTokens, nil, meanGaps, ends]
        for (line, samples) in zip(lines, all) where !line.sorted.isEmpty {
            var details: [String: Double] = ["count": Double(line.sorted.count)]
            for percent in [50.0, 90, 99] {
                details["p\(Int(percent))"] = line.percentile(percent)
            }
            // Gaps may be millions: their percentiles stand for them.
            rows.append(
                BenchmarkDocument.Row(
                    key: "\(line.name), \(name)", unit: "ms", better: .lower,
                    samples: samples ?? [50, 90, 99].map(line.percentile), details: details))
        }
        return rows
    }

    /// The settings by name.
    public var subject: [String: String] {
        [
            "url": target.url, "api": target.api.rawValue, "model": model ?? "",
            "load": plan.name, "max_tokens": "\(plan.maximumTokens)",
            "temperature": "\(plan.temperature)", "seed": "\(plan.seed)",
            "tokens_counted_by": countsUsage ? "usage" : "chunks", "budget": plan.budget ?? "",
        ]
    }
}

extension ContinuousClock.Instant {
    fileprivate func seconds(since earlier: Self) -> Double { (self - earlier) / .seconds(1) }
}
