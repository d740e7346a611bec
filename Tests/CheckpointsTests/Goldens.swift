import Foundation

/// The files under `Fixtures`, which the formats' own packages wrote.
enum Goldens {
    /// What `expected.json` says about one tensor.
    struct Tensor: Decodable {
        let shape: [Int]
        let values: [Float]
    }

    static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appendingPathComponent("Fixtures").path

    static func path(_ name: String) -> String {
        "\(directory)/\(name)"
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    static func expected(_ name: String) throws -> [String: Tensor] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path("expected.json")))
        return try JSONDecoder().decode([String: [String: Tensor]].self, from: data)[name] ?? [:]
    }
}
