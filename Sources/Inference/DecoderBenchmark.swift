public import Kernels
import Models

/// Times a model as the engine uses it: prompts in chunks, then one token a step and sequence.
///
/// Every figure is the median of several repetitions with its extremes, after one that does not
/// count: in that memory is touched for the first time, and passes are tried in all ways that
/// threads can share them. The sequences hold ids from a fixed generator, so two runs do the same
/// work.
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
    public struct Result: Sendable {
        /// What was timed.
        public enum Phase: String, Sendable {
            /// A prompt up to its first logits.
            case prefill
            /// One token of every sequence.
            case decode
        }

        /// What was timed.
        public var phase: Phase
        /// Tokens in the prompt, or cached before decoding.
        public var tokens: Int
        /// Sequences at once.
        public var batch: Int
        /// Tokens per second over all sequences, one figure a repetition.
        public var samples: [Double]
        /// Tokens that a step makes: those of the prompt, or one a sequence.
        public var stepTokens: Int
        /// What a step must move and compute.
        public var work: DecoderWork
        /// What binds it at most, right before or right after it, when the machine could do more;
        /// nil where nobody measured.
        public var roof: MachineLimits.Roof?
        /// Where the time of a further repetition went; nil where nobody looked.
        public var times: OperationTimes?

        /// The median of the samples, the lower of two.
        public var tokensPerSecond: Double { samples.sorted()[(samples.count - 1) / 2] }
        /// Seconds of a step at the median.
        public var stepSeconds: Double { Double(stepTokens) / tokensPerSecond }
    }

    /// What stands beside the repetitions of a row, each nil where it is not wanted.
    struct Instruments {
        /// What binds a step that does so much, and reads so many bytes again in the next, as the
        /// machine is now.
        var roof: ((DecoderWork, _ residentByteCount: Int) -> MachineLimits.Roof)?
        /// Where the time of the passes in a body goes.
        var times: ((() -> Void) -> OperationTimes)?
    }

    private let model: any LanguageModel
    private let shape: DecoderShape
    private let plan: Plan
    private let instruments: Instruments
    private let clock = ContinuousClock()

    /// A benchmark of `model`.
    ///
    /// - Parameters:
    ///   - model: Fresh: none of its pages is in use.
    ///   - shape: Its shape, to count its work by.
    ///   - plan: What to measure; what does not fit the model's pages is left out.
    ///   - instruments: What stands beside the repetitions.
    init(
        model: any LanguageModel, shape: DecoderShape, plan: Plan,
        instruments: Instruments = Instruments()
    ) {
        self.model = model
        self.shape = shape
        self.plan = plan
        self.instruments = instruments
    }

    /// Measures everything in the plan, reporting each result as soon as it stands.
    func run(report: (Result) -> Void) {
        for length in plan.promptLengths where fits(length, batch: 1) {
            let row = Result(
                phase: .prefill, tokens: length, batch: 1, samples: [], stepTokens: length,
                work: shape.prefill(length: length, chunk: plan.chunkSize))
            report(
                measured(row, residentByteCount: shape.stepWeightByteCount) {
                    Double(length) / prefill(length: length, pages: pages(of: 0, length: length))
                })
        }
        for context in plan.contextLengths {
            for batch in plan.batchSizes where fits(context + plan.stepCount, batch: batch) {
                let row = Result(
                    phase: .decode, tokens: context, batch: batch, samples: [], stepTokens: batch,
                    work: shape.decoding(context: context, batch: batch, steps: plan.stepCount))
                let tables = filledPages(context, batch)
                report(
                    measured(row, residentByteCount: row.work.byteCount) {
                        decode(context, tables)
                    })
            }
        }
    }

    /// A row with the figures of all repetitions that count, and what the instruments say.
    private func measured(
        _ row: Result, residentByteCount: Int, _ repetition: () -> Double
    ) -> Result {
        var row = row
        let before = instruments.roof?(row.work, residentByteCount)
        _ = repetition()
        row.samples = (0..<plan.repetitions).map { _ in repetition() }
        row.times = instruments.times? { _ = repetition() }
        let after = instruments.roof?(row.work, residentByteCount)
        row.roof = [before, after].compactMap(\.self).min { $0.seconds < $1.seconds }
        return row
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

    /// Pages of `batch` sequences that hold `context` tokens each, and have room for all steps.
    private func filledPages(_ context: Int, _ batch: Int) -> [[Int32]] {
        let tables = (0..<batch).map { pages(of: $0, length: context + plan.stepCount) }
        for (sequence, table) in tables.enumerated() {
            _ = prefill(sequence: sequence, length: context, pages: table)
        }
        return tables
    }

    /// Tokens a second.
    private func decode(_ context: Int, _ tables: [[Int32]]) -> Double {
        let start = clock.now
        for step in 0..<plan.stepCount {
            let items = tables.enumerated().map { sequence, table in
                ForwardBatch.Item(
                    tokens: [token(sequence, context + step)], position: context + step,
                    blockTable: table, logitRows: .last)
            }
            _ = model.forward(ForwardBatch(items: items))
        }
        return Double(plan.stepCount * tables.count) / seconds(since: start)
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double {
        let elapsed = (clock.now - start).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }
}
