import ArgumentParser
import Testing

@testable import laconic

@Suite struct ModelArgumentsTests {
    @Test(arguments: [
        ["--load", "sometimes"], ["--family-memory", "0"], ["--family-memory", "1.5"],
        ["--family-memory", "16777217"], ["--kv-memory", "-1"], ["--context", "0"],
    ])
    func `what cannot be meant is refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try Laconic.parseAsRoot(["serve"] + arguments) }
    }

    @Test func `members are loaded when and as far as the flags say`() throws {
        let arguments = try EnvironmentTwins(of: Laconic.self).expand(
            ["serve", "--load", "lazy"], environment: ["LACONIC_FAMILY_MEMORY": "3"])
        let serve = try #require(try Laconic.parseAsRoot(arguments) as? ServeCommand)
        #expect(serve.models.loading == .lazy && serve.models.familyMemory == 3)
    }
}
