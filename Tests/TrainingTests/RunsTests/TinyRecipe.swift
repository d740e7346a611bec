import Foundation
import Training

/// A recipe whose runs take seconds, as the JSON that is read from disk.
enum TinyRecipe {
    static let text = """
        {
          "name": "tiny", "seed": 5,
          "vocabulary": {"size": 300, "minimum_frequency": 2, "examples": 20},
          "network": {
            "hidden_size": 32, "intermediate_size": 48, "layers": 1, "heads": 2,
            "key_value_heads": 1, "vocabulary_rows": 304, "context": 1024, "rope_theta": 10000
          },
          "wording": {"instruction_percent": 50},
          "supervised": {
            "steps": 5, "tokens_per_step": 300, "longest_example": 1000,
            "learning_rate": 0.003, "matrix_learning_rate": 0.02, "beta1": 0.9, "beta2": 0.98,
            "weight_decay": 0.01, "gradient_clip": 1, "warmup_steps": 1, "decay_share": 0.5,
            "save_every": 2, "mix": {"easy": 1, "medium": 0, "hard": 0}
          },
          "reinforcement": {
            "alphas": [0, 0.4], "jobs": 1, "steps": 4,
            "prompts_per_step": 2, "samples_per_prompt": 3, "minibatches": 2,
            "maximum_tokens": 100, "temperature": 1, "learning_rate": 0.003,
            "beta1": 0.9, "beta2": 0.98, "gradient_clip": 1, "warmup_steps": 1, "clip": 0.2,
            "normalization": "sequence", "kl_coefficient": 0.1, "whitens_advantages": false,
            "average": 0.5, "save_every": 3, "mix": {"easy": 1, "medium": 0, "hard": 0}
          },
          "evaluation": {
            "seed": 4463, "price": {"prompt": 0.1, "completion": 1},
            "test_problems": 5, "calibration_problems": 5, "temperature": 0.6,
            "maximum_tokens": 16
          }
        }
        """

    /// Reads the recipe with some text replaced.
    static func read(replacing old: String = "", with new: String = "") throws -> Recipe {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/recipe.json"
        precondition(old.isEmpty || text.contains(old), "no \(old)")
        let changed = old.isEmpty ? text : text.replacing(old, with: new)
        try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
        return try Recipe(path: path)
    }
}

/// A folder that goes with its last use.
final class ScratchFolder {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("laconic-training-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func data(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    func write(_ data: Data, to name: String) throws {
        try data.write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    /// The metrics of a run without its times, a line a step.
    func metrics(_ run: String) throws -> [String] {
        let text = String(decoding: try data("\(run)/metrics.jsonl"), as: UTF8.self)
        return text.split(separator: "\n").map { line in
            String(line).replacing(
                /,?"(seconds|[a-z_]*_seconds|tokens_per_second|gflops|peak_share)":[^,}]*/, with: ""
            )
        }
    }

    /// The steps that a run's metrics tell of.
    func steps(_ run: String) throws -> [Int?] {
        try metrics(run).map { line in
            line.firstMatch(of: /"step":(\d+)/).flatMap { Int($0.1) }
        }
    }
}
