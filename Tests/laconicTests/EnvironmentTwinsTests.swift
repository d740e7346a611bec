import ArgumentParser
import Testing

@testable import laconic

@Suite struct EnvironmentTwinsTests {
    private func expand(_ arguments: [String], _ environment: [String: String]) throws -> [String] {
        try EnvironmentTwins(of: Laconic.self).expand(arguments, environment: environment)
    }

    @Test func aVariableStandsForItsFlag() throws {
        #expect(
            try expand(["serve"], ["LACONIC_KV_MEMORY": "64", "LACONIC_PORT": "9"]).sorted()
                == ["--kv-memory=64", "--port=9", "serve"])
    }

    @Test func theFlagWins() throws {
        let environment = ["LACONIC_PORT": "9", "LACONIC_MODEL": "a,b"]
        for given in [
            ["serve", "--port", "1", "--model=x"], ["serve", "--port=1", "--model", "x"],
        ] {
            #expect(try expand(given, environment) == given)
        }
    }

    @Test func aRepeatedFlagTakesAList() throws {
        let command = try Laconic.parseAsRoot(
            try expand(["serve"], ["LACONIC_MODEL": "/a,/b", "LACONIC_PORT": "0"]))
        let serve = try #require(command as? ServeCommand)
        #expect(serve.models.model == ["/a", "/b"])
        #expect(serve.entrances.port == 0)
    }

    @Test(arguments: ["1", "true", "YES", "on"]) func aSwitchIsTurnedOn(word: String) throws {
        #expect(
            try expand(["inspect", "x"], ["LACONIC_JSON": word]) == ["inspect", "--json", "x"])
    }

    @Test(arguments: ["0", "false", "no", "off", ""]) func orLeftOff(word: String) throws {
        #expect(try expand(["inspect", "x"], ["LACONIC_JSON": word]) == ["inspect", "x"])
    }

    @Test func aSwitchThatIsNeitherIsRefusedByName() throws {
        let error = try #require(throws: ValidationError.self) {
            _ = try expand(["inspect", "x"], ["LACONIC_JSON": "maybe"])
        }
        #expect(error.message.contains("LACONIC_JSON is 'maybe'"))
    }

    @Test func aWrongValueIsRefusedAsTheFlagWouldBe() throws {
        let arguments = try expand(["serve"], ["LACONIC_PORT": "many"])
        #expect(throws: (any Error).self) { try Laconic.parseAsRoot(arguments) }
    }

    @Test func otherCommandLinesStayAsTheyAre() throws {
        for given in [[], ["--help"], ["unknown", "--port"]] {
            #expect(try expand(given, ["LACONIC_PORT": "1", "LACONIC_HELP": "1"]) == given)
        }
    }

    @Test(arguments: [
        ["serve", "--port", "70000"], ["serve", "--max-running", "0"],
        ["generate", "q", "--budget", "0"], ["generate", "q", "--temperature", "-1"],
        ["bench", "--model", "m", "--batch", "1,x"], ["bench", "--model", "m", "--prompt", "0"],
        ["inspect", "m", "--threads", "0"], ["serve", "--log-level", "loud"],
    ])
    func aFlagOutOfRangeIsRefused(arguments: [String]) {
        #expect(throws: (any Error).self) { try Laconic.parseAsRoot(arguments) }
    }
}
