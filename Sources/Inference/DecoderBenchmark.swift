public import Models

/// Times a model as the engine uses it: prompts in chunks, then one token a step and sequence.
///
/// Every figure is the median of several repetitions with its extremes; the sequences hold ids
/// from a fixed generator, so two runs do the same work.
public struct DecoderBenchmark {
    /// What to measure.
    public struct Plan: Sendable {
        /// Prompt lengths to time, in tokens.
        public var promptLengths: [Int] = [512]
        /// Tokens cached before decoding is timed.
        public var contextLengths: [Int] = [128]
        /// Sequences decoded at once.
        public var batchSizes: [Int] = [1]
        /// Steps timed in a repetition of decoding.
        public var stepCount = 32
        /// Repetitions of each measurement.
        public var repetitions = 5
        /// Tokens in a prefill chunk.
        public var chunkSize = 512

        /// Prefill of 512, decoding of one sequence at 128.
        public init() {}
    }

    /// One measurement.
    public struct Result: Sendable, Codable {
        /// `prefill` or `decode`.
        public var phase: String
        /// Tokens in the prompt, or cached before decoding.
        public var tokens: Int
        /// Sequences at once.
        public var batch: Int
        /// Median tokens per second, over all sequences.
        public var tokensPerSecond: Double
        /// Slowest repetition.
        public var slowest: Double
        /// Fastest repetition.
        public var fastest: Double
    }

    private let model: any LanguageModel
    private let plan: Plan
    private let clock = ContinuousClock()

    /// A benchmark of `model`.
    ///
    /// - Parameters:
    ///   - model: Fresh: none of its pages is in use.
    ///   - plan: What to measure; what does not fit the model's pages is left out.
    public init(model: any LanguageModel, plan: Plan) {
        self.model = model
        self.plan = plan
    }

    /// Measures everything in the plan, reporting each result as soon as it stands.
    public func run(report: (Result) -> Void) {
        _ = prefill(length: min(16, model.contextLength), pages: pages(of: 0, length: 16))
        for length in plan.promptLengths where fits(length, batch: 1) {
            let rates = (0..<plan.repetitions).map { _ in
                let time = prefill(length: length, pages: pages(of: 0, length: length))
                return Double(length) / time
            }
            report(result("prefill", tokens: length, batch: 1, rates))
        }
        for context in plan.contextLengths {
            for batch in plan.batchSizes where fits(context + plan.stepCount, batch: batch) {
                report(result("decode", tokens: context, batch: batch, decode(context, batch)))
            }
        }
    }

    private func result(_ phase: String, tokens: Int, batch: Int, _ rates: [Double]) -> Result {
        let sorted = rates.sorted()
        return Result(
            phase: phase, tokens: tokens, batch: batch, tokensPerSecond: sorted[sorted.count / 2],
            slowest: sorted.first ?? 0, fastest: sorted.last ?? 0)
    }

    private func fits(_ length: Int, batch: Int) -> Bool {
        length <= model.contextLength && pageCount(of: length) * batch <= model.pageCount
    }

    private func pageCount(of length: Int) -> Int {
        (length + model.pageSize - 1) / model.pageSize
    }

    private func pages(of sequence: Int, length: Int) -> [Int32] {
        let count = pageCount(of: length)
        return (sequence * count..<(sequence + 1) * count).map(Int32.init)
    }

    private func token(_ sequence: Int, _ position: Int) -> Int32 {
        Int32((sequence * 7919 + position * 104_729 + 17) % model.vocabularySize)
    }

    /// Seconds that a prompt takes up to its first logits.
    private func prefill(sequence: Int = 0, length: Int, pages: [Int32]) -> Double {
        let start = clock.now
        var position = 0
        while position < length {
            let end = min(position + plan.chunkSize, length)
            let tokens = (position..<end).map { token(sequence, $0) }
            _ = model.forward(
                ForwardBatch(items: [
                    ForwardBatch.Item(
                        tokens: tokens, position: position, blockTable: pages,
                        logitRows: end == length ? .last : .none)
                ]))
            position = end
        }
        return seconds(since: start)
    }

    private func decode(_ context: Int, _ batch: Int) -> [Double] {
        let tables = (0..<batch).map { pages(of: $0, length: context + plan.stepCount) }
        for sequence in 0..<batch {
            _ = prefill(sequence: sequence, length: context, pages: tables[sequence])
        }
        return (0..<plan.repetitions).map { _ in
            let start = clock.now
            for step in 0..<plan.stepCount {
                let items = (0..<batch).map { sequence in
                    ForwardBatch.Item(
                        tokens: [token(sequence, context + step)], position: context + step,
                        blockTable: tables[sequence], logitRows: .last)
                }
                _ = model.forward(ForwardBatch(items: items))
            }
            return Double(plan.stepCount * batch) / seconds(since: start)
        }
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double {
        let elapsed = (clock.now - start).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }
}
