import Foundation

/// SmolLM2-135M-Instruct as `deploy/fetch-smollm2` lays it down.
enum RealCheckpoint {
    /// Where it lies: `LACONIC_TEST_SMOLLM2`, or the place in the user's cache; `nil` where it
    /// was never fetched.
    static let path: String? = {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["LACONIC_TEST_SMOLLM2"] { return path }
        let cache =
            environment["XDG_CACHE_HOME"] ?? environment["HOME", default: ""] + "/.cache"
        let path = "\(cache)/laconic/models/SmolLM2-135M-Instruct.Q4_1.gguf"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    /// One prompt and what transformers makes of it.
    struct Golden: Decodable {
        /// The conversation, or nil for plain text.
        var messages: [Message]?
        /// The prompt as text.
        var text: String
        /// Its ids.
        var ids: [Int32]
        /// The greedy continuation.
        var greedy: [Int32]
        /// How far each choice's logit was above the runner-up's.
        var margins: [Float]
        /// Natural-log probability of each choice.
        var logprobs: [Float]
        /// The continuation as text.
        var completion: String
    }

    /// A turn of a conversation.
    struct Message: Codable {
        var role: String
        var content: String
    }

    /// The goldens of `Tests/Fixtures/smollm2_greedy.json`.
    static func goldens() throws -> [Golden] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/smollm2_greedy.json")
        return try JSONDecoder().decode([Golden].self, from: Data(contentsOf: file))
    }
}
