import Foundation

/// What a run measured and all that is needed to repeat it: the one JSON document of `--json`.
public struct BenchmarkDocument: Codable, Sendable, Equatable {
    /// The name of this form; the number grows with every change that breaks a reader.
    public static let schema = "laconic.bench/1"

    /// What was measured.
    public enum Kind: String, Codable, Sendable {
        /// A model's passes, without words and without a server.
        case decoder
        /// A server under load.
        case load
    }

    /// The program that measured.
    public struct Program: Codable, Sendable, Equatable {
        /// Its version.
        public var version: String
        /// The commit it was built from, where the caller named it.
        public var commit: String?

        /// Names a program.
        public init(version: String, commit: String?) {
            self.version = version
            self.commit = commit
        }
    }

    /// One figure that was measured several times.
    public struct Row: Codable, Sendable, Equatable {
        /// Which direction is good.
        public enum Better: String, Codable, Sendable {
            /// Rates.
            case higher
            /// Times.
            case lower
        }

        /// What rows of two documents are matched by.
        public var key: String
        /// Of the samples.
        public var unit: String
        /// Which direction is good.
        public var better: Better
        /// The middle of the samples.
        public var median: Double
        /// The least of the samples.
        public var minimum: Double
        /// The largest of the samples.
        public var maximum: Double
        /// All of them, in the order of measuring; at least one.
        public var samples: [Double]
        /// Further numbers by name, such as `roof_share`.
        public var details: [String: Double]
        /// What binds at most: `memory`, `cache` or an arithmetic.
        public var roof: String?

        /// A row of samples.
        ///
        /// - Parameters:
        ///   - key: What rows are matched by.
        ///   - unit: Of the samples.
        ///   - better: Which direction is good.
        ///   - samples: At least one.
        ///   - details: Further numbers by name.
        ///   - roof: What binds at most.
        public init(
            key: String, unit: String, better: Better, samples: [Double],
            details: [String: Double] = [:], roof: String? = nil
        ) {
            precondition(!samples.isEmpty, "a row without samples")
            let sorted = samples.sorted()
            self.key = key
            self.unit = unit
            self.better = better
            self.samples = samples
            self.details = details
            self.roof = roof
            median = sorted.percentile(50)
            minimum = sorted[0]
            maximum = sorted[sorted.count - 1]
        }
    }

    /// The name of the form.
    public var schema = Self.schema
    /// What was measured.
    public var kind: Kind
    /// What measured.
    public var program: Program
    /// Where it ran.
    public var machine: BenchmarkMachine
    /// When it ended, ISO 8601.
    public var date: String
    /// The command line.
    public var command: String
    /// Settings and names by name, such as `model`.
    public var subject: [String: String]
    /// What the machine can do at most, by name; bytes or operations a second.
    public var limits: [Row]
    /// What was measured.
    public var rows: [Row]
    /// Requests that failed, by kind.
    public var errors: [String: Int]

    /// A document of this moment.
    ///
    /// - Parameters:
    ///   - kind: What was measured.
    ///   - program: What measured.
    ///   - machine: Where it ran.
    ///   - command: The command line.
    ///   - subject: Settings and names by name.
    ///   - limits: What the machine can do at most.
    ///   - rows: What was measured.
    ///   - errors: Requests that failed, by kind.
    public init(
        kind: Kind, program: Program, machine: BenchmarkMachine, command: String,
        subject: [String: String], limits: [Row] = [], rows: [Row], errors: [String: Int] = [:]
    ) {
        self.kind = kind
        self.program = program
        self.machine = machine
        self.command = command
        self.subject = subject
        self.limits = limits
        self.rows = rows
        self.errors = errors
        date = ISO8601DateFormatter().string(from: Date())
    }

    /// The document as one line of JSON, keys sorted.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Reads a file that `--json` wrote.
    ///
    /// - Parameter path: Where it lies.
    /// - Throws: `BenchmarkError.file` that says what was expected.
    public init(path: String) throws(BenchmarkError) {
        let expected = "expected a document of `laconic bench --json` (\(Self.schema))"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: "cannot be read")
        }
        struct Head: Decodable { var schema: String }
        guard let head = try? JSONDecoder().decode(Head.self, from: data) else {
            throw .file(path: path, reason: "\(expected), found something else")
        }
        guard head.schema == Self.schema else {
            throw .file(path: path, reason: "\(expected), found '\(head.schema.prefix(60))'")
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw .file(path: path, reason: "\(expected), found one with missing or wrong fields")
        }
        for row in rows + limits where row.samples.isEmpty {
            throw .file(path: path, reason: "row '\(row.key)' has no samples")
        }
    }
}

extension [Double] {
    /// A percentile of sorted values: the least that so many in a hundred do not exceed.
    ///
    /// - Parameter percent: Above 0, at most 100.
    /// - Returns: One of the values; not a number where there is none.
    func percentile(_ percent: Double) -> Double {
        guard !isEmpty else { return .nan }
        let rank = Int((Double(count) * percent / 100).rounded(.up))
        return self[Swift.max(0, Swift.min(count, rank) - 1)]
    }
}
