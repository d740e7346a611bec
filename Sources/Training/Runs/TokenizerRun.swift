import Checkpoints
import Evaluation
import Foundation
import Tokenization

/// Makes a tokenizer alone, as a recipe or a text has it.
public struct TokenizerRun: Sendable {
    private let recipe: Recipe
    private let text: String?
    private let folder: String

    /// A run.
    ///
    /// - Parameters:
    ///   - recipe: Size and frequency, and problems and solutions to learn from.
    ///   - text: A UTF-8 file to learn from instead, line by line; nil for none.
    ///   - folder: Where `tokenizer.json` and `tokenizer_config.json` shall appear.
    public init(recipe: Recipe, text: String?, folder: String) {
        self.recipe = recipe
        self.text = text
        self.folder = folder
    }

    /// Makes the files.
    ///
    /// - Returns: Tokens of the vocabulary.
    /// - Throws: `TrainingError` where the text cannot be read or the files not be written.
    public func run() throws(TrainingError) -> Int {
        let start = FamilyStart(recipe: recipe)
        let vocabulary = try text.map { path throws(TrainingError) in
            guard let data = FileManager.default.contents(atPath: path),
                let text = String(validating: data, as: UTF8.self)
            else { throw .file(path: path, reason: "cannot be read as UTF-8 text") }
            return try start.vocabulary(of: text.split(separator: "\n").map { $0 + "\n" })
        }
        let made = if let vocabulary { vocabulary } else { try start.vocabulary() }
        let folder = try RunFolder(folder).path
        for (name, data) in try start.words(made) {
            do {
                try data.write(to: URL(fileURLWithPath: "\(folder)/\(name)"), options: .atomic)
            } catch {
                throw .file(
                    path: "\(folder)/\(name)",
                    reason: "cannot be written: \(SystemReason.of(error))")
            }
        }
        return made.tokens.count
    }
}
