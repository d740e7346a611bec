import Foundation
import HTTP
import Inference
import Kernels
import Logging
import Serving
import Sockets

/// The whole server over a checkpoint, on a port of its own, asked with curl.
struct RunningServer: Sendable {
    let catalog: ModelCatalog
    private let server: HTTPServer
    private let task: Task<Void, any Error>

    /// Loads, listens and serves.
    init(model path: String, weights: WeightFormat = .auto) throws {
        var options = LoadOptions()
        options.weights = weights
        options.keyValueMemory = 512 << 20
        catalog = try ModelCatalog.load(
            models: [path], family: nil, options: options, progress: { _ in })
        var logger = Logger(label: "end-to-end")
        logger.logLevel = .critical
        let api = API(service: catalog, configuration: ServingConfiguration(), logger: logger)
        let server = try api.makeServer(
            HTTPServerConfiguration(address: try SocketAddress(host: "127.0.0.1", port: 0)))
        api.markReady()
        self.server = server
        task = Task { try await server.run() }
    }

    /// Ends the server and waits until it has ended.
    func stop() async throws {
        server.beginShutdown(grace: .zero)
        try await task.value
    }

    /// Posts JSON and returns the body.
    func post(_ route: String, _ json: [String: Any]) async throws -> Data {
        let body = try JSONSerialization.data(withJSONObject: json)
        return try await curl([
            "-sS", "--max-time", "600", "http://\(server.localAddress)\(route)", "-d",
            String(decoding: body, as: UTF8.self),
        ])
    }

    /// Runs curl to its end, off the tasks' threads.
    private func curl(_ arguments: [String]) async throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                let data = pipe.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(returning: data)
            }
        }
    }
}
