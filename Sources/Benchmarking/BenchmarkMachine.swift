import Foundation

/// The machine that a run was measured on.
public struct BenchmarkMachine: Codable, Sendable, Equatable {
    /// The processor's name, as the system calls it.
    public var processor: String
    /// Processors that the system shows.
    public var cores: Int
    /// Threads that computed; absent where this program did not compute.
    public var threads: Int?
    /// Instructions that computed; absent where this program did not compute.
    public var instructionSet: String?
    /// Bytes of memory.
    public var memory: UInt64

    /// This machine.
    ///
    /// - Parameters:
    ///   - threads: Threads that compute.
    ///   - instructionSet: Instructions that compute.
    public init(threads: Int? = nil, instructionSet: String? = nil) {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        processor = Self.processor(cpuinfo: text)
        cores = ProcessInfo.processInfo.processorCount
        memory = ProcessInfo.processInfo.physicalMemory
        self.threads = threads
        self.instructionSet = instructionSet
    }

    /// The name in the text of `/proc/cpuinfo`.
    static func processor(cpuinfo text: String) -> String {
        for name in ["model name", "CPU part"] {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
            if let value = line?.split(separator: ":", maxSplits: 1).last {
                return value.trimmingCharacters(in: .whitespaces)
            }
        }
        return "unknown"
    }
}
