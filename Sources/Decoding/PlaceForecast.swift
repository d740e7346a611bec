/// When places in the queue become free, from what runs and how fast.
///
/// A place is free when the next one is begun, which is when one that runs ends.
struct PlaceForecast: Sendable {
    /// Places looked ahead at most; what is further off is as far as they are apart.
    private static let horizon = 64

    /// Steps until each of those that run has likely ended.
    var running: [Double] = []
    /// Seconds that a step takes of late, whatever it computes.
    var secondsPerStep = 0.0
    /// Steps that sequences take beside those that were expected.
    var share = 1.0

    /// Seconds until so many places are free that are taken now.
    ///
    /// - Parameters:
    ///   - count: How many, at least 1.
    ///   - queue: Who waits, next one first.
    /// - Returns: The seconds, 1 where nothing is known.
    func seconds(untilFree count: Int, queue: [QueueEntry]) -> Double {
        guard var soonest = running.min(), secondsPerStep > 0 else { return 1 }
        var ends = running
        let looked = min(count, Self.horizon, queue.count + 1)
        for entry in queue.prefix(looked - 1) {
            guard let index = ends.firstIndex(of: soonest) else { break }
            ends[index] += max(1, Double(entry.steps) * share)
            soonest = ends.min() ?? soonest
        }
        return soonest * secondsPerStep * Double(count) / Double(max(looked, 1))
    }
}

/// How many steps sequences take beside what was expected of them.
struct StepShare: Sendable {
    private var (taken, expected) = (0.0, 0.0)

    /// 1 before any has ended.
    var value: Double { expected > 0 ? min(max(taken / expected, 0.01), 16) : 1 }

    /// Takes in one that has ended, earlier ones counting less and less.
    mutating func note(taken steps: Int, of likely: Int) {
        taken += (Double(steps) - taken) / 16
        expected += (Double(likely) - expected) / 16
    }

    /// Steps that one has still to run.
    ///
    /// - Parameters:
    ///   - likely: Steps that were expected of it in all.
    ///   - taken: Steps since it was begun.
    ///   - most: Tokens that its ceiling leaves.
    /// - Returns: The steps, at least 1.
    func remaining(of likely: Int, taken: Int, most: Int) -> Double {
        let left = Double(likely) * value - Double(taken)
        // One that is longer than was foretold may well be so by half as much again.
        return max(1, left > 0 ? left : min(Double(most), Double(taken) / 2))
    }
}
