import Accounts
import HTTP
import Inference
import Routing

/// A request whose completions were accepted and have begun.
struct CompletionRun {
    private let streams: [AsyncStream<CompletionEvent>]
    private let progress: CompletionProgress
    private let meter: RunMeter
    /// What its account pays; nil where none does.
    let charge: Charge?

    /// Begins the completions of `job` and waits until all of them are accepted.
    ///
    /// - Throws: `ServingError` if any of them is refused, or the account cannot pay, those already
    ///   begun being cancelled; `CancellationError` if the client is gone.
    init(
        _ job: CompletionJob, id: String, created: Int, service: any CompletionService,
        metrics: ServingMetrics, ledger: UsageLedger? = nil
    ) async throws {
        let received = ContinuousClock.now
        var job = job
        let client = RequestRecord.current?.client
        for index in job.requests.indices { job.requests[index].client = client }
        var streams: [AsyncStream<CompletionEvent>] = []
        for index in job.requests.indices {
            streams.append(try await Self.begin(index, of: &job, service: service))
        }
        var accepted: [CompletionEvent.Accepted] = []
        for stream in streams { accepted.append(try await Self.acceptance(of: stream)) }
        charge = try Charge(
            job, id: id, accepted: accepted, ledger: ledger, models: service.models)
        self.streams = streams
        progress = CompletionProgress(
            id: id, created: created, job: job, accepted: accepted, received: received)
        meter = RunMeter(job, accepted: accepted, received: received, metrics: metrics)
    }

    /// What its answers are called.
    var id: String { progress.id }
    /// What its budgets can be changed by.
    var handles: [GenerationHandle] { progress.accepted.compactMap(\.handle) }
    /// The checkpoint that answers.
    var model: String { progress.model }
    /// The ceiling on new tokens of each choice.
    var budgetTokens: Int { progress.budgets.first?.tokens ?? 0 }

    private static func begin(
        _ index: Int, of job: inout CompletionJob, service: any CompletionService
    ) async throws(ServingError) -> AsyncStream<CompletionEvent> {
        do {
            return try await service.complete(job.requests[index])
        } catch {
            try job.completePlainly(after: error, at: index)
            return try await begin(index, of: &job, service: service)
        }
    }

    private static func acceptance(
        of stream: AsyncStream<CompletionEvent>
    ) async throws -> CompletionEvent.Accepted {
        // The stream keeps its place: the rest is read by another iterator.
        for await event in stream {
            switch event {
            case .accepted(let accepted): return accepted
            case .finished(let finished) where finished.reason == .shutdown:
                throw ServingError.draining
            default: throw ServingError.engineFailed("it began before it was accepted")
            }
        }
        try Task.checkCancellation()
        throw ServingError.engineFailed("it ended before it was accepted")
    }

    /// Waits for the end and tells all at once.
    func whole(
        _ dialect: some CompletionDialect
    ) async throws -> (json: [UInt8], fields: HTTPFields) {
        defer { meter.leave() }
        return try await withMergedEvents(of: streams, ticking: nil) { events in
            var progress = progress
            defer { charge?.settle(progress) }
            for await event in events {
                // The client has left: the streams' early end that follows is no fault.
                try Task.checkCancellation()
                let state = try note(event, in: &progress)
                if state == .complete {
                    await charge?.settleInStore(progress)
                    return (dialect.whole(progress), dialect.fields(progress))
                }
            }
            throw CancellationError()
        }
    }

    /// How often a request that waits looks where it stands.
    private static let queueInterval = Duration.milliseconds(500)

    /// Tells event by event, with a comment whenever nothing was said for `interval`, and whenever
    /// the request has another place in the queue.
    ///
    /// Errors of the completion are told in the stream; only those of the connection are thrown.
    func stream<Dialect: CompletionDialect>(
        _ dialect: Dialect, to writer: HTTPBodyWriter, keepAlive interval: Duration
    ) async throws {
        defer { meter.leave() }
        let framing = Dialect.framing
        let tick = min(interval, Self.queueInterval)
        try await withMergedEvents(of: streams, ticking: tick) { events in
            var (progress, dialect) = (progress, dialect)
            defer { charge?.settle(progress) }
            var lastWrite = ContinuousClock.now - interval
            var lastPosition = 0
            for await event in events {
                try Task.checkCancellation()
                let state: State
                do throws(ServingError) {
                    state = try note(event, in: &progress)
                } catch {
                    let failure = dialect.failure(ErrorBody(error))
                    return try await writer.write(framing.frames([failure]))
                }
                var frames: [UInt8] = []
                switch event {
                case .event(let event, let prompt):
                    frames = framing.frames(
                        dialect.documents(for: event, prompt: prompt, progress: progress))
                case .tick:
                    let place = queuePlace
                    // Ticks jitter; a comment a little early is better than one a turn late.
                    let isSilent = ContinuousClock.now - lastWrite >= interval * 3 / 4
                    if let place, isSilent || place.position != lastPosition {
                        lastPosition = place.position
                        frames =
                            framing.comment(place.comment)
                            + framing.frames(dialect.documents(for: place))
                    } else if isSilent {
                        frames = framing.comment("waiting")
                    }
                case .ended:
                    break
                }
                if state == .complete {
                    await charge?.settleInStore(progress)
                    frames += framing.frames(dialect.closing(progress))
                }
                if !frames.isEmpty {
                    try await writer.write(frames)
                    lastWrite = .now
                }
                if state == .complete { return }
            }
            throw CancellationError()
        }
        try await writer.write(framing.ending)
    }

    /// Where the prompt stands that will be begun last; nil when all have been.
    private var queuePlace: QueuePlace? {
        handles.compactMap(\.queuePlace).max { $0.position < $1.position }
    }

    private enum State {
        case running
        case complete
    }

    private func note(
        _ event: MergedEvent, in progress: inout CompletionProgress
    ) throws(ServingError) -> State {
        do throws(ServingError) {
            return try Self.advance(&progress, with: event, meter)
        } catch {
            meter.fail(error)
            throw error
        }
    }

    private static func advance(
        _ progress: inout CompletionProgress, with event: MergedEvent, _ meter: RunMeter
    ) throws(ServingError) -> State {
        switch event {
        case .event(let event, let prompt):
            try progress.note(event, prompt: prompt)
            meter.note(event, prompt: prompt, progress: progress)
        case .ended(let prompt):
            let samples = progress.job.samples
            let choices = progress.choices[prompt * samples..<(prompt + 1) * samples]
            guard choices.allSatisfy({ $0.finished != nil }) else {
                throw .engineFailed("the engine stopped")
            }
        case .tick:
            break
        }
        return progress.isComplete ? .complete : .running
    }
}

extension QueuePlace {
    /// `: queued 3 eta 4.2s`, which every client of an event stream passes over.
    fileprivate var comment: String {
        "queued \(position) eta \((seconds * 10).rounded() / 10)s"
    }
}
