import ArgumentParser
import Testing

@testable import laconic

@Suite struct BenchCommandTests {
    @Test func `without a word it measures the decoder`() throws {
        let command = try Laconic.parseAsRoot(["bench", "--model", "m", "--batch", "1,4"])
        let bench = try #require(command as? BenchDecoderCommand)
        #expect(bench.batch == [1, 4])
        let named = try Laconic.parseAsRoot(["bench", "decoder"])
        #expect(named is BenchDecoderCommand)
    }

    @Test func `flags have twins, for the usual command too`() throws {
        let twins = try EnvironmentTwins(of: Laconic.self)
        let bare = try twins.expand(["bench"], environment: ["LACONIC_MODEL": "m"])
        let bench = try #require(try Laconic.parseAsRoot(bare) as? BenchDecoderCommand)
        #expect(bench.models.model == ["m"])
        let load = try twins.expand(
            ["bench", "load", "--url", "u"],
            environment: ["LACONIC_CLIENTS": "3", "LACONIC_MODEL": "m"])
        let command = try #require(try Laconic.parseAsRoot(load) as? BenchLoadCommand)
        #expect(command.clients == 3 && command.url == "u")
    }

    @Test(arguments: [
        ["bench", "--model", "a", "--model", "b"], ["bench", "--family", "f"],
        ["bench", "--steps", "0"], ["bench", "compare", "a"], ["bench", "load"],
        ["bench", "load", "--url", "u", "--clients", "1", "--rate", "1"],
        ["bench", "load", "--url", "u", "--requests", "1", "--duration", "1"],
        ["bench", "load", "--url", "u", "--clients", "0"],
        ["bench", "load", "--url", "u", "--rate", "0"],
        ["bench", "load", "--url", "u", "--rate", "nan"],
        ["bench", "load", "--url", "u", "--api", "other"],
        ["bench", "load", "--url", "u", "--timeout", "-1"],
    ])
    func `what cannot be meant is refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try Laconic.parseAsRoot(arguments) }
    }
}
