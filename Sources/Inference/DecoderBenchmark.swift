public import Models

/// Times a model as the engine uses it: prompts in chunks, then one token a step and sequence.
///
/// Every figure is the median of several repetitions with its extremes, after one that does not
/// count: in that memory is touched for the first time, and passes are tried in all ways that threads can
/// share them. The sequences hold ids from a fixed generator, so two runs do the same work.
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
        /// Bytes that the next step reads again.
        public var residentByteCount: Int

        /// The median of the samples, the lower of two.
        public var tokensPerSecond: Double { samples.sorted()[(samples.count - 1) / 2] }
        /// Seconds of a step at the median.
        public var stepSeconds: Double { Double(stepTokens) / tokensPerSecond }
    }

    private let model: any LanguageModel
    private let shape: DecoderShape
    private let plan: Plan
    private let clock = ContinuousClock()

    /// A benchmark of `model`.
    ///
    /// - Parameters:
    ///   - model: Fresh: none of its pages is in use.
    ///   - shape: Its shape, to count its work by.
    ///   - plan: What to measure; what does not fit the model's pages is left out.
    public init(model: any LanguageModel, shape: DecoderShape, plan: Plan) {
        self.model = model
        self.shape = shape
        self.plan = plan
    }

    /// Measures everything in the plan, reporting each result as soon as it stands.
    public func run(report: (Result) -> Void) {
        for length in plan.promptLengths where fits(length, batch: 1) {
            let rates = repeated {
                let time = prefill(length: length, pages: pages(of: 0, length: length))
                return Double(length) / time
            }
            let work = shape.prefill(length: length, chunk: plan.chunkSize)
            report(
                Result(
                    phase: .prefill, tokens: length, batch: 1, samples: rates, stepTokens: length,
                    work: work, residentByteCount: shape.stepWeightByteCount))
        }
        for context in plan.contextLengths {
            for batch in plan.batchSizes where fits(context + plan.stepCount, batch: batch) {
                let rates = decode(context, batch)
                let work = shape.decoding(context: context, batch: batch, steps: plan.stepCount)
                report(
                    Result(
                        phase: .decode, tokens: context, batch: batch, samples: rates,
                        stepTokens: batch, work: work, residentByteCount: work.byteCount))
            }
        }
    }

    /// The figures of all repetitions that count.
    private func repeated(_ measure: () -> Double) -> [Double] {
        _ = measure()
        return (0..<plan.repetitions).map { _ in measure() }
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
        return repeated {
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
