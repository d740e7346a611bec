import ArgumentParser
import Foundation
import Kernels
import Training

/// Runs training work with a live view, and stops it when asked to.
enum TrainingSession {
    /// Runs `body` until it ends or a signal comes; a second signal ends the program at once.
    ///
    /// - Parameters:
    ///   - threads: Threads to compute on; nil for all CPUs.
    ///   - body: Trains, with the operations to compute with and the number of threads.
    /// - Throws: What `body` throws; an exit code of 130 where it was stopped.
    static func run(
        threads: Int?,
        _ body:
            @escaping @Sendable (
                _ threads: Int, _ show: @escaping @Sendable (TrainingProgress) -> Void
            ) async throws -> Void
    ) async throws {
        let view = TrainingView()
        let count = threads ?? AvailableCPUs.count()
        let work = Task { try await body(count, view.show) }
        do {
            try await StopSignals.value(of: work)
        } catch TrainingError.cancelled {
            throw StopSignals.resumable()
        }
    }

    /// The operations on some threads.
    static func kernels(threads: Int) throws -> KernelContext {
        try KernelContext(pool: WorkerPool(threadCount: threads))
    }
}

extension TrainingError: CommandFailure {}

/// The flags that every training command has.
struct TrainingArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Where runs and results are kept.", valueName: "folder"))
    var out: String

    @Option(help: ArgumentHelp("Threads (default: all CPUs).", valueName: "count"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads); expected 1 to 1024")
        }
    }
}
