import Foundation
import Testing
import Training

@Suite struct RecipeTests {
    private func message(_ old: String, _ new: String) -> String {
        do {
            _ = try TinyRecipe.read(replacing: old, with: new)
            return "nothing was wrong"
        } catch {
            return "\(error)"
        }
    }

    @Test func `a recipe is read and written without loss`() throws {
        let recipe = try TinyRecipe.read()
        let folder = try ScratchFolder()
        try folder.write(recipe.json, to: "recipe.json")
        #expect(try Recipe(path: "\(folder.path)/recipe.json") == recipe)
    }

    @Test(arguments: [
        ("\"save_every\": 2, ", "", "supervised.save_every: expected, found nothing"),
        ("\"seed\": 5,", "", "seed: expected, found nothing"),
        ("\"seed\": 5", "\"seed\": 5, \"sed\": 5", "sed: no recipe has such a key"),
        ("\"jobs\": 1", "\"jobs\": 1, \"job\": 1", "reinforcement.job: no recipe has such a key"),
        ("\"steps\": 5", "\"steps\": \"5\"", "supervised.steps: expected Int"),
        ("\"steps\": 5", "\"steps\": 0", "supervised.steps: expected 1 to 10000000, found 0"),
        (
            "\"samples_per_prompt\": 3", "\"samples_per_prompt\": 1",
            "reinforcement.samples_per_prompt: expected 2 or more, found 1"
        ),
        ("[0, 0.4]", "[0, 1]", "reinforcement.alphas: expected 0 up to 1, found 1.0"),
        ("[0, 0.4]", "[0.4, 0.4]", "reinforcement.alphas: expected each once"),
        ("\"average\": 0.5", "\"average\": 1", "reinforcement.average: expected 0 up to 1"),
        (
            "\"vocabulary_rows\": 304", "\"vocabulary_rows\": 200",
            "network.vocabulary_rows: expected at least the vocabulary's 300, found 200"
        ),
        (
            "\"instruction_percent\": 50", "\"instruction_percent\": 101",
            "wording.instruction_percent: expected 0 to 100, found 101"
        ),
        (
            "\"learning_rate\": 0.003", "\"learning_rate\": 2",
            "supervised.learning_rate: expected above 0, below 1, found 2.0"
        ),
        ("\"sequence\"", "\"sentence\"", "reinforcement.normalization: "),
        ("{\n  \"name\"", "[\n  \"name\"", "is no JSON"),
    ])
    func `what is wrong with a recipe is named`(old: String, new: String, expected: String) {
        #expect(message(old, new).contains(expected))
    }

    @Test func `a folder of another recipe is refused, one with more members is not`() throws {
        let folder = try ScratchFolder()
        var recipe = try TinyRecipe.read()
        _ = try FamilyRun(recipe: recipe, folder: folder.path)
        recipe.reinforcement.alphas.append(0.2)
        recipe.reinforcement.jobs = 4
        _ = try FamilyRun(recipe: recipe, folder: folder.path)
        recipe.seed += 1
        #expect(throws: TrainingError.self) {
            try FamilyRun(recipe: recipe, folder: folder.path)
        }
    }
}
