import ArgumentParser
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
            then cancel them; a second signal exits at once.
            """)

    @OptionGroup var models: ModelArguments

    @OptionGroup var rewards: RewardArguments

    @Option(help: ArgumentHelp("Address to listen on.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("Port to listen on; 0 lets the system choose.", valueName: "port"))
    var port: UInt16 = 8080

    @Option(
        help: ArgumentHelp("Sequences decoded at once at most.", valueName: "count"))
    var maxRunning = 32

    @Option(
        help: ArgumentHelp("Sequences that wait at most; more get 429.", valueName: "count"))
    var maxQueue = 256

    @Option(
        help: ArgumentHelp("Tokens computed in one step at most.", valueName: "tokens"))
    var stepTokens = 512

    @Option(
        help: ArgumentHelp(
            "A file with API keys, one a line; without it all may ask.",
            valueName: "path"))
    var apiKeyFile: String?

    @Option(
        help: ArgumentHelp("Seconds that running requests get at the end.", valueName: "seconds"))
    var drain = 30

    @Option(
        help: ArgumentHelp("Least level that is logged: trace to critical.", valueName: "level"),
        transform: Self.level)
    var logLevel: Logger.Level = .info

    /// Reads a level's name.
    static func level(_ name: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: name) else {
            let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--log-level is \(name); expected one of \(names)")
        }
        return level
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
        var logger = Logger(label: "laconic") { PatientLogHandler(label: $0) }
        logger.logLevel = logLevel
        var configuration = ServingConfiguration()
        if let apiKeyFile { configuration.apiKeys = try KeyFile.keys(path: apiKeyFile) }

        configuration.rewards = rewards.settings

        let options = loadOptions
        let catalog = rewards.rewardOnly ? nil : try load(options)
        let service: any CompletionService = if let catalog { catalog } else { RewardOnlyService() }
        let api = API(service: service, configuration: configuration, logger: logger)
        let server = try api.makeServer(
            HTTPServerConfiguration(
                address: try SocketAddress(host: host, port: Int(port)), serverName: "laconic"))
        try await catalog?.warmUp()
        api.markReady()
        let threads = options.threads.map(String.init) ?? AvailableCPUs.current().explanation
        let seconds = String(format: "%.2f", (ContinuousClock.now - start) / .seconds(1))
        Terminal.output.line(
            "laconic: ready after \(seconds) s at \(server.url), "
                + (catalog == nil ? "for rewards only" : "threads: \(threads)"))

        let grace = Duration.seconds(drain)
        let signals = StopSignals { count in
            guard count == 1 else { Foundation.exit(1) }
            Terminal.errors.line("laconic: stopping; running requests have \(drain) s")
            api.beginDraining()
            server.beginShutdown(grace: grace)
        }
        defer { signals.stop() }
        try await server.run()
    }

    private var loadOptions: LoadOptions {
        var options = models.options
        options.engine.maximumRunning = maxRunning
        options.engine.queueDepth = maxQueue
        options.engine.tokensPerStep = stepTokens
        options.limitFamilyMemory()
        return options
    }

    private func load(_ options: LoadOptions) throws -> ModelCatalog {
        try models.load(options: options) { line in
            Terminal.errors.line(Terminal.errors.dim(line))
        }
    }
}

extension HTTPServer {
    /// Where a client on this machine finds it.
    fileprivate var url: String {
        "http://\(localAddress)"
    }
}
