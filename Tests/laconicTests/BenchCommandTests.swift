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
    }

    @Test(arguments: [
        ["bench", "--model", "a", "--model", "b"], ["bench", "--family", "f"],
        ["bench", "--steps", "0"],
    ])
    func `what cannot be meant is refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try Laconic.parseAsRoot(arguments) }
    }
}
