import Decoding
import Kernels
import Models

/// Draws responses of a network as it is now, with the engine that serves.
///
/// Every call copies the parameters into an engine of its own, so that what is sampled is what
/// would be served; the engine batches all responses and refills places as they end.
struct RolloutSampler {
    /// How responses are drawn.
    struct Settings: Sendable, Equatable {
        /// Responses of each prompt.
        var samplesPerPrompt: Int
        /// Divides the logits.
        ///
        /// The log-probabilities are those of temperature 1.
        var temperature: Float
        /// Ceiling on the tokens of a response.
        var maximumTokens: Int
        /// Ids that end a response.
        var stopIDs: Set<Int32>
    }

    let settings: Settings
    let pool: WorkerPool

    /// Draws the responses to all prompts.
    ///
    /// - Parameters:
    ///   - network: The policy.
    ///   - prompts: Token ids, each at least one.
    ///   - seed: Response j of prompt i follows from seed, i and j.
    /// - Returns: `[prompts][samplesPerPrompt]`.
    /// - Throws: `TrainingError.sampling` where the engine cannot take a prompt.
    func responses(
        of network: TrainableNetwork, to prompts: [[Int32]], seed: UInt64
    ) async throws(TrainingError) -> [[Rollout]] {
        let engine = try engine(network, prompts: prompts)
        var streams: [(group: Int, stream: TokenStream)] = []
        do throws(DecodingError) {
            for (group, prompt) in prompts.enumerated() {
                var request = SequenceRequest(
                    prompt: prompt, maximumTokens: settings.maximumTokens)
                request.sampling.temperature = settings.temperature
                request.sampling.seed = seed &+ UInt64(group) << 32
                request.stopIDs = settings.stopIDs
                request.topLogprobs = 0
                let samples = try engine.submit(request, samples: settings.samplesPerPrompt)
                streams += samples.map { (group, $0) }
            }
        } catch {
            await engine.shutdown()
            throw .sampling(reason: "\(error)")
        }
        let rollouts = await withTaskGroup(of: (Int, Rollout).self) { tasks in
            for (index, (group, stream)) in streams.enumerated() {
                let prompt = prompts[group]
                tasks.addTask { (index, await Self.collect(stream, group: group, prompt: prompt)) }
            }
            var rollouts: [Rollout?] = Array(repeating: nil, count: streams.count)
            for await (index, rollout) in tasks { rollouts[index] = rollout }
            return rollouts.compactMap(\.self)
        }
        await engine.shutdown()
        guard !Task.isCancelled else { throw .cancelled }
        return stride(from: 0, to: rollouts.count, by: settings.samplesPerPrompt).map {
            Array(rollouts[$0..<$0 + settings.samplesPerPrompt])
        }
    }

    private func engine(
        _ network: TrainableNetwork, prompts: [[Int32]]
    ) throws(TrainingError) -> Engine {
        let count = prompts.count * settings.samplesPerPrompt
        let longest = (prompts.map(\.count).max() ?? 1) + settings.maximumTokens
        var options = ModelOptions(keyValueByteCount: 0)
        options.contextLength = min(longest, network.config.contextLength)
        options.keyValueType = .f32
        let pages = (longest + options.pageSize - 1) / options.pageSize + 1
        options.keyValueByteCount =
            count * pages * options.pageSize
            * network.config.keyValueByteCount(perTokenAs: .f32)
        var configuration = EngineConfiguration()
        configuration.maximumRunning = count
        configuration.queueDepth = count
        configuration.tokensPerStep = max(count, 512)
        do throws(ModelError) {
            return Engine(
                model: try network.snapshot(pool: pool, options: options),
                configuration: configuration)
        } catch {
            throw .sampling(reason: "\(error)")
        }
    }

    private static func collect(
        _ stream: TokenStream, group: Int, prompt: [Int32]
    ) async -> Rollout {
        var response: [Int32] = []
        var logProbabilities: [Float] = []
        var isFinished = false
        for await event in stream {
            switch event {
            case .token(let id, let logprob):
                response.append(id)
                logProbabilities.append(logprob?.logprob ?? 0)
            case .finished(let reason):
                isFinished = reason == .stop
            case .admitted, .reused, .prompt, .hidden, .closing, .drafted:
                continue
            }
        }
        return Rollout(
            group: group, prompt: prompt, response: response, logProbabilities: logProbabilities,
            isFinished: isFinished)
    }
}
