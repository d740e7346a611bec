import ArgumentParser
import Serving
import Testing

@testable import laconic

@Suite struct RewardArgumentsTests {
    private func serve(_ arguments: String...) throws -> ServeCommand {
        try #require(try Laconic.parseAsRoot(["serve"] + arguments) as? ServeCommand)
    }

    @Test func theFlagsAreTheDefaultsOfRequests() throws {
        let settings = try serve(
            "--reward-alpha", "0.2", "--reward-group-size", "16", "--reward-wait", "1.5"
        ).rewards.settings
        #expect(settings.alpha == 0.2)
        #expect(settings.groupSize == 16)
        #expect(settings.wait == .seconds(1.5))
    }

    @Test(arguments: [
        ["--reward-alpha", "1"], ["--reward-alpha", "nan"], ["--reward-group-size", "0"],
        ["--reward-wait", "601"], ["--reward-only", "--model", "x"],
    ])
    func whatCannotBeHonouredIsRefused(arguments: [String]) {
        #expect(throws: (any Error).self) { try Laconic.parseAsRoot(["serve"] + arguments) }
    }
}
