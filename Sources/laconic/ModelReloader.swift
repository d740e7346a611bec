import Checkpoints
import Inference
import Logging

/// Loads the served models again when their files have changed.
struct ModelReloader {
    private let arguments: ModelArguments
    private let options: LoadOptions
    private let catalog: ReloadableCatalog
    private let logger: Logger
    private var stamps: FileStamps
    private var trimming: Task<Void, any Error>?

    /// Remembers how the files are.
    ///
    /// - Parameters:
    ///   - arguments: What names them.
    ///   - options: How they are loaded, now and again.
    ///   - stamps: The files as they were before they were read.
    ///   - catalog: What serves them.
    ///   - logger: Told what came of a reload.
    init(
        _ arguments: ModelArguments, options: LoadOptions, stamps: FileStamps,
        serving catalog: ReloadableCatalog, logger: Logger
    ) {
        self.arguments = arguments
        self.options = options
        self.stamps = stamps
        self.catalog = catalog
        self.logger = logger
    }

    /// Gives back the memory of what was replaced, some time after its last request has ended.
    private mutating func trimWhenOthersAreGone() {
        trimming?.cancel()
        trimming = Task { [catalog] in
            repeat {
                try await Task.sleep(for: .seconds(1))
            } while catalog.retiringCount > 0
            HeapMemory.trim()
        }
    }

    /// Loads what has changed and lets new requests find it; requests under way are not disturbed.
    ///
    /// - Returns: Whether what is served is what the files hold; if not, the log says why, and the
    ///   models before go on.
    mutating func reload() async -> Bool {
        do {
            let sources = try arguments.sources()
            let fresh = FileStamps(checkpoints: sources.all)
            guard fresh != stamps else {
                logger.notice("SIGHUP: the models' files are as they were")
                return true
            }
            let models = try await ModelCatalog.load(
                models: sources.models, family: sources.family, options: options,
                beside: catalog.current
            ) { [logger] in logger.info("\($0)") }
            try await models.warmUp()
            catalog.replace(with: models)
            stamps = fresh
            logger.notice("SIGHUP: serving \(models.names) from here on")
            trimWhenOthersAreGone()
            return true
        } catch {
            logger.error("SIGHUP: the models before stay in use: \(error)")
            return false
        }
    }
}
