import ArgumentParser
import Foundation
import Testing
import Training

@testable import laconic

@Suite struct TrainCommandTests {
    @Test func aCommandOfCommandsHasTwinsToo() throws {
        let twins = try EnvironmentTwins(of: Laconic.self)
        let expanded = try twins.expand(
            ["train", "rl", "--alpha", "0.1"],
            environment: ["LACONIC_MODEL": "/base", "LACONIC_OUT": "/run", "LACONIC_ALPHA": "0.4"])
        #expect(expanded.prefix(2) == ["train", "rl"])
        #expect(
            expanded.dropFirst(2).sorted()
                == ["--alpha", "--model=/base", "--out=/run", "0.1"])
        #expect(try twins.expand(["train"], environment: ["LACONIC_OUT": "/run"]) == ["train"])
    }

    @Test func alphasAreNumbersFromZeroUpToOne() throws {
        #expect(try TrainFamilyCommand.alphas("0,0.05,0.4") == [0, 0.05, 0.4])
        for text in ["1", "-0.1", "a", "", "0,,1", "nan"] {
            #expect(throws: ValidationError.self) { try TrainFamilyCommand.alphas(text) }
        }
    }

    @Test(arguments: [
        ["train", "sft", "--out", "x"], ["train", "sft", "--out", "x", "--model", "m"],
        ["train", "rl", "--out", "x", "--model", "m", "--alpha", "1"],
        ["train", "rl", "--out", "x", "--model", "m", "--alpha", "0.1", "--samples", "1"],
        ["train", "sft", "--out", "x", "--config", "c", "--learning-rate", "0"],
        ["train", "sft", "--out", "x", "--config", "c", "--threads", "0"],
    ])
    func whatMakesNoSenseIsRefusedBeforeAnythingIsRead(arguments: [String]) {
        #expect(throws: (any Error).self) { try Laconic.parseAsRoot(arguments) }
    }

    @Test func theShippedRecipesAreRead() throws {
        let recipes = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../deploy/recipes").standardized
        for name in ["family", "smoke"] {
            let recipe = try Recipe(path: recipes.appending(path: "\(name).json").path)
            #expect(recipe.reinforcement.alphas.first == 0)
        }
    }
}
