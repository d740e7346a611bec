public import Routing

/// A family with what was measured of it, and how well that foretells answers.
public struct CalibratedFamily: Sendable {
    /// For `family.json`.
    public private(set) var manifest: FamilyManifest
    /// Forecasts of problems that they were not fitted to, by member: first those from the text,
    /// then those that look at the probe too, where they are better.
    public private(set) var qualities: [String: [ForecastQuality]] = [:]

    /// Fits profiles, predictors and a probe.
    ///
    /// - Parameters:
    ///   - manifest: The family; what it says of earlier measurements is replaced.
    ///   - calibration: What was measured.
    ///   - price: What tokens cost; nil leaves prices as they are.
    public init(_ manifest: FamilyManifest, _ calibration: Calibration, price: Price? = nil) {
        self.manifest = manifest
        self.manifest.temperature = calibration.settings.temperature
        self.manifest.maximumTokens = calibration.settings.maximumTokens
        let probe = calibration.probe()
        var mostFeatures = 0
        for (index, member) in manifest.members.enumerated() {
            var member = calibration.profiled(member)
            if let price { member.price = price }
            let found = calibration.predictors(of: member.id, probe: probe)
            member.predictor = found?.text.predictor
            member.probePredictor = found?.probe?.predictor
            mostFeatures = max(mostFeatures, found?.probe?.probeFeatures ?? 0)
            qualities[member.id] = [found?.text, found?.probe].compactMap { $0?.quality }
            self.manifest.members[index] = member
        }
        if let probe, mostFeatures > 0 {
            self.manifest.probe = Probe(
                member: probe.member, directions: Array(probe.directions.prefix(mostFeatures)))
        } else {
            self.manifest.probe = nil
        }
        let count = PromptFeatures.names.count + mostFeatures
        for index in manifest.members.indices {
            self.manifest.members[index].probePredictor?.pad(to: count)
        }
    }

    /// The rows of the table that ``ForecastQuality/tableHeader`` is the head of.
    public var tableRows: [[String]] {
        manifest.members.flatMap { member in
            zip(qualities[member.id] ?? [], ["text", "text and probe"]).map {
                $0.row(member.id, $1)
            }
        }
    }
}

extension Predictor {
    /// Gives further features no weight.
    fileprivate mutating func pad(to count: Int) {
        let missing = count - means.count
        guard missing > 0 else { return }
        deviations += Array(repeating: 1, count: missing)
        for part in [\Predictor.means, \.length, \.spread, \.right] {
            self[keyPath: part] += Array(repeating: 0, count: missing)
        }
    }
}
