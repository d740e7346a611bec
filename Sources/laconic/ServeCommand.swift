import Accounts
import ArgumentParser
import Checkpoints
import Decoding
import Foundation
import HTTP
import Inference
import Kernels
import Logging
import Serving
import Sockets

/// Answers HTTP until told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer HTTP requests; prints one line when it is ready.",
        discussion: """
            SIGTERM and SIGINT stop accepting, let running requests finish for --drain seconds, \
            then cancel them; a second signal exits at once. SIGHUP loads \
            keys, certificates and models whose files have changed again; requests that run are not \
            disturbed.
            """)

    @OptionGroup var models: ModelArguments

    @OptionGroup var rewards: RewardArguments

    @OptionGroup var entrances: EntranceArguments

    @OptionGroup var limits: LimitArguments

    @OptionGroup var keys: KeyArguments

    @OptionGroup var reports: ReportArguments

    @Option(
        name: .customLong("public"),
        help: ArgumentHelp(
            "A folder with a web page (default: the page that comes with the program).",
            valueName: "folder"))
    var publicFolder: String?

    @Option(
        help: ArgumentHelp("Sequences decoded at once at most.", valueName: "count"))
    var maxRunning = 32

    @Option(
        help: ArgumentHelp("Sequences that wait at most; more get 429.", valueName: "count"))
    var maxQueue = 256

    @Option(
        name: .customLong("schedule"),
        help: ArgumentHelp(
            "Who of those that wait is begun next: shortest, by expected tokens and time waited, "
                + "or fifo (default: shortest).",
            valueName: "order"),
        transform: Self.order)
    var order = QueueOrder.shortest

    @Option(
        help: ArgumentHelp(
            "Guess tokens where a text repeats itself and check them together: auto, while it "
                + "pays, off, or always up to so many at a time (default: auto). Answers are the same.",
            valueName: "auto|off|count"),
        transform: Self.speculation)
    var speculation = Speculation.automatic

    @Option(
        help: ArgumentHelp("Tokens computed in one step at most.", valueName: "tokens"))
    var stepTokens = 512

    @Option(
        help: ArgumentHelp("Seconds that running requests get at the end.", valueName: "seconds"))
    var drain = 30

    @Option(
        help: ArgumentHelp(
            "Least level that is logged: trace to critical (default: info).", valueName: "level"),
        transform: Self.level)
    var logLevel: Logger.Level = .info

    /// Reads an order's name.
    static func order(_ name: String) throws -> QueueOrder {
        guard let order = QueueOrder(rawValue: name) else {
            let names = QueueOrder.allCases.map(\.rawValue).joined(separator: " or ")
            throw ValidationError("--schedule is \(name); expected \(names)")
        }
        return order
    }

    /// Reads a level's name.
    static func level(_ name: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: name) else {
            let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--log-level is \(name); expected one of \(names)")
        }
        return level
    }

    /// Reads `auto`, `off` or a count.
    static func speculation(_ text: String) throws -> Speculation {
        switch text {
        case "auto": return .automatic
        case "off", "0": return .off
        default:
            guard let count = Int(text), (1...64).contains(count) else {
                throw ValidationError(
                    "--speculation is \(text); expected auto, off or a count of 1 to 64 tokens")
            }
            return .always(count)
        }
    }

    func validate() throws {
        for (name, value, most) in [
            ("max-running", maxRunning, 4096), ("max-queue", maxQueue, 1_000_000),
            ("step-tokens", stepTokens, 65536),
        ] where !(1...most).contains(value) {
            throw ValidationError("--\(name) is \(value); expected 1 to \(most)")
        }
        guard !rewards.rewardOnly || (models.model.isEmpty && models.family == nil) else {
            throw ValidationError("--reward-only serves no model; leave out --model and --family")
        }
        guard (0...86400).contains(drain) else {
            throw ValidationError("--drain is \(drain); expected 0 to 86400 seconds")
        }
    }

    func run() async throws {
        let start = ContinuousClock.now
        HeapMemory.returnLargeBlocks()
        // A log that nobody reads any more is no reason to die of, during the start neither.
        signal(SIGPIPE, SIG_IGN)
        var logger = Logger(label: "laconic") { PatientLogHandler(label: $0) }
        logger.logLevel = logLevel
        let inherited = InheritedSockets.take()
        let notifier = ServiceNotifier.take { [logger] in logger.warning("\($0)") }
        let startup = StartupNotices(notifier)
        let tls = try entrances.makeTLS()
        var configuration = ServingConfiguration()
        configuration.files = try WebPage.files(folder: publicFolder)
        configuration.maximumBodyByteCount = limits.maxBody
        configuration.json = JSONLimits(depth: limits.maxJSONDepth, values: limits.maxJSONValues)
        try keys.apply(to: &configuration, logger)
        configuration.rewards = rewards.settings
        reports.apply(to: &configuration)
        if reports.logPrompts {
            logger.warning("--log-prompts: what users ask and are told is written to the log")
        }

        let options = loadOptions
        let sources = rewards.rewardOnly ? nil : try models.sources()
        let stamps = FileStamps(checkpoints: sources?.all ?? [])
        let catalog = try sources.map { ReloadableCatalog(try load($0, options, startup)) }
        let service: any CompletionService = if let catalog { catalog } else { RewardOnlyService() }
        let api = API(service: service, configuration: configuration, logger: logger)
        let entrances = try self.entrances.entrances(tls: tls, inherited: inherited)
        var serving = HTTPServerConfiguration(
            entrances: entrances, limits: clientLimits(logger), serverName: "laconic")
        serving.tell = { [logger] in logger.warning("\($0)") }
        let server = try api.makeServer(serving)
        startup.noteWarmUp()
        try await catalog?.current.warmUp()
        startup.end()
        api.markReady()
        // Signals first: who reads that the server is ready may send one at once.
        let grace = Duration.seconds(drain)
        let signals = StopSignals { count in
            guard count == 1 else { Foundation.exit(1) }
            LineSink.standardError.write(
                "laconic: stopping; running requests have \(drain) s".utf8)
            // Connections are closed when the time is over, and that takes a moment too.
            notifier.stopping(
                "Stopping; running requests have \(drain) s", within: grace + .seconds(10))
            api.beginDraining()
            server.beginShutdown(grace: grace)
        }
        defer { signals.stop() }
        let place = "at \(server.urls(entrances))"
        var reload = ServiceReload(
            keys: keys, ring: configuration.keys, tls: tls, logger: logger, api: api)
        reload.models = catalog.map { [models, logger] in
            ModelReloader(models, options: options, stamps: stamps, serving: $0, logger: logger)
        }
        let reloads = ReloadSignals()
        let reloading = Task { [reload] in
            var reload = reload
            for await _ in reloads.received {
                await notifier.reloading {
                    await reload.run()
                    return "Serving \(service.names) \(place)"
                }
            }
        }
        defer {
            reloads.stop()
            reloading.cancel()
        }
        defer { configuration.ledger?.close() }
        let threads = options.threads.map(String.init) ?? AvailableCPUs.current().explanation
        let seconds = String(format: "%.2f", (ContinuousClock.now - start) / .seconds(1))
        let ready =
            "laconic: ready after \(seconds) s \(place), "
            + (catalog == nil ? "for rewards only" : "threads: \(threads)")
        LineSink.standardOutput.write(ready.utf8)
        notifier.ready("Serving \(service.names) \(place)")
        let watchdog = watchdog(notifier, server, service)
        defer { watchdog?.cancel() }
        try await server.run()
    }

    /// Feeds the service manager's watchdog where there is one, from an event loop's thread, while
    /// every event loop and every decode loop turns.
    private func watchdog(
        _ notifier: ServiceNotifier, _ server: HTTPServer, _ service: any CompletionService
    ) -> Task<Void, Never>? {
        guard let period = notifier.watchdogPeriod else { return nil }
        let watchdog = Watchdog(period: period) {
            await server.waitForTurn()
            await service.waitForTurn()
        } feed: {
            notifier.feedWatchdog()
        }
        return server.startOnLoop { await watchdog.run() }
    }

    /// The limits, as far as the system has descriptors for them.
    private func clientLimits(_ logger: Logger) -> HTTPLimits {
        var limits = limits.limits
        // Some are the program's own: logs, checkpoints, files of the page; and clients beyond
        // the limit have one each until they are told so.
        let available = max(
            16, DescriptorLimit.raise() - 64 - HTTPLimits.refusedConnectionCount)
        if limits.connectionCount > available {
            logger.warning("only \(available) connections: the limit of open files allows no more")
            limits.connectionCount = available
        }
        return limits
    }

    private var loadOptions: LoadOptions {
        var options = models.options
        options.engine.maximumRunning = maxRunning
        options.engine.queueDepth = maxQueue
        options.engine.order = order
        options.engine.speculation = speculation
        options.engine.tokensPerStep = stepTokens
        options.limitFamilyMemory()
        return options
    }

    private func load(
        _ sources: ModelArguments.Sources, _ options: LoadOptions, _ startup: StartupNotices
    ) throws -> ModelCatalog {
        try sources.load(options: options) { line in
            LineSink.standardError.write(Terminal.errors.dim(line).utf8)
            startup.note(line)
        }
    }
}

extension CompletionService {
    /// What is served, for a person.
    var names: String {
        let names = models.map(\.id)
        return names.isEmpty ? "rewards" : names.joined(separator: ", ")
    }
}

extension HTTPServer {
    /// Where clients on this machine find it.
    fileprivate func urls(_ entrances: [HTTPServerConfiguration.Entrance]) -> String {
        zip(localAddresses, entrances).map { address, entrance in
            guard address.port != nil else { return "\(address)" }
            return "\(entrance.tls == nil ? "http" : "https")://\(address)"
        }.joined(separator: " ")
    }
}
