import Evaluation
import Foundation
import Sockets
import Tokenization

/// Puts a server under load and times its streams.
///
/// Times of an open load count from the moment a request should have been sent, so that a slow
/// generator or a full queue cannot hide a wait. Everything runs on one thread, that of the event
/// loop: what the generator takes from a server on the same machine is little.
public struct LoadGenerator: Sendable {
    private let plan: LoadPlan
    private let target: LoadTarget
    private let prompts: LoadPrompts

    /// A load of `plan` on `target`.
    public init(plan: LoadPlan, target: LoadTarget, prompts: LoadPrompts) {
        self.plan = plan
        self.target = target
        self.prompts = prompts
    }

    /// Runs warm-up and load; a cancelled task ends early with what was measured.
    ///
    /// - Parameter progress: Told five times a second how far the measured part is.
    /// - Returns: What was measured.
    /// - Throws: `BenchmarkError` where the server names no model.
    public func run(
        progress: @escaping @Sendable (LoadProgress) -> Void
    ) async throws -> LoadReport {
        let loop = try EventLoop()
        try loop.start()
        defer { loop.stop() }
        let exchange = LoadExchange(target: target, loop: loop, timeout: plan.timeout)
        var plan = plan
        if plan.model == nil, target.api != .generate {
            plan.model = try await model(exchange)
        }
        if plan.warmUpCount > 0 {
            let warmUp = LoadTally(count: plan.warmUpCount, deadline: nil)
            await drive(plan, exchange, warmUp, purpose: "warm-up")
        }
        let start = ContinuousClock.now
        let tally = LoadTally(
            count: plan.requestCount, deadline: plan.duration.map { start + $0 })
        let (usage, current) = (ProcessorTime.now(), plan)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: .milliseconds(200))) != nil {
                    progress(tally.progress(since: start))
                }
            }
            await drive(current, exchange, tally, purpose: "load")
            group.cancelAll()
        }
        return LoadReport(
            plan: plan, target: target, samples: tally.samples, start: start,
            processorSeconds: ProcessorTime.now() - usage)
    }

    /// The first model that the server names.
    private func model(_ exchange: LoadExchange) async throws(BenchmarkError) -> String {
        do throws(LoadFailure) {
            let body = try await exchange.body(plan.modelsRequest(to: target))
            if case .array(let list)? = (try? TemplateValue(json: body))?["data"],
                case .string(let name)? = list.first?["id"]
            {
                return name
            }
            throw .malformed("no data[0].id")
        } catch {
            throw .noModel(url: target.url, reason: error.reason)
        }
    }

    private func drive(
        _ plan: LoadPlan, _ exchange: LoadExchange, _ tally: LoadTally, purpose: String
    ) async {
        let ask = { @Sendable (index: Int, start: ContinuousClock.Instant) async in
            let request = plan.request(prompts.item(index, purpose: purpose), to: target)
            tally.add(await exchange.stream(request, from: start))
        }
        await withDiscardingTaskGroup { group in
            switch plan.arrival {
            case .closed(let clients):
                for _ in 0..<clients {
                    group.addTask(executorPreference: exchange.loop) {
                        while let index = tally.next() {
                            await ask(index, .now)
                        }
                    }
                }
            case .open(let rate):
                var random = RandomSource(seed: plan.seed, purpose: "arrivals", index: 0)
                var due = ContinuousClock.now
                while let index = tally.next() {
                    let moment = due
                    if tally.openCount > plan.maximumOpen {
                        tally.add(LoadSample(start: moment, failure: .notSent))
                    } else {
                        group.addTask(executorPreference: exchange.loop) {
                            await ask(index, moment)
                        }
                    }
                    due += Self.pause(rate: rate, &random)
                    if (try? await Task.sleep(until: due)) == nil { break }
                }
            }
        }
    }

    /// The time to the next arrival of a Poisson process: exponentially distributed.
    static func pause(rate: Double, _ random: inout RandomSource) -> Duration {
        // Above 0, at most 1.
        let uniform = Double((random.bits() >> 11) + 1) * 0x1p-53
        return .seconds(-log(uniform) / rate)
    }
}

/// Seconds of processor that this program has used.
enum ProcessorTime {
    static func now() -> Double {
        var usage = rusage()
        guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        let parts = [usage.ru_utime, usage.ru_stime]
        return parts.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6 }
    }
}
