import ArgumentParser
import Serving

/// The flags for `/v1/reward`: what holds where a request does not say otherwise.
struct RewardArguments: ParsableArguments {
    @Flag(help: "Serve no model, only rewards; lengths that are not given are then bytes.")
    var rewardOnly = false

    @Option(
        help: ArgumentHelp(
            "How strongly rewards punish length, from 0 up to 1.", valueName: "alpha"))
    var rewardAlpha = RewardSettings().alpha

    @Option(
        help: ArgumentHelp(
            "Responses of a group that arrives in as many requests.", valueName: "count"))
    var rewardGroupSize = RewardSettings().groupSize

    @Option(
        help: ArgumentHelp(
            "Seconds that such a response waits for the others.", valueName: "seconds"))
    var rewardWait = RewardSettings().wait / .seconds(1)

    func validate() throws {
        guard (0..<1).contains(rewardAlpha) else {
            throw ValidationError("--reward-alpha is \(rewardAlpha); expected 0 up to, but not, 1")
        }
        let sizes = RewardSettings.groupSizes
        guard sizes.contains(rewardGroupSize) else {
            throw ValidationError(
                "--reward-group-size is \(rewardGroupSize); expected \(sizes.lowerBound) "
                    + "to \(sizes.upperBound)")
        }
        let seconds = RewardSettings.waitSeconds
        guard seconds.contains(rewardWait) else {
            throw ValidationError(
                "--reward-wait is \(rewardWait); expected \(seconds.lowerBound) to "
                    + "\(seconds.upperBound) seconds")
        }
    }

    /// The settings that the flags name.
    var settings: RewardSettings {
        var settings = RewardSettings()
        settings.alpha = rewardAlpha
        settings.groupSize = rewardGroupSize
        settings.wait = .seconds(rewardWait)
        return settings
    }
}
