import Decoding
import Routing

/// A family's probe and who computes the hidden states that it reads.
struct FamilyProbe: Sendable {
    let probe: Probe
    let model: ReasoningModel

    /// The share of a deadline that a probe may take.
    private static let shareOfDeadline = 0.1

    /// A prompt's features, by one prefill that the same member's answer reuses.
    ///
    /// - Parameters:
    ///   - prompt: The ids.
    ///   - candidates: Those whose forecasts are made.
    ///   - milliseconds: The time for the whole answer; nil without a deadline.
    /// - Returns: nil at once where no candidate's forecast becomes better, the probe's member is
    ///   not loaded, the engine is too busy to compute it in the next step, or it takes too much of
    ///   a deadline.
    func features(
        of prompt: [Int32], for candidates: [ReasoningModel], within milliseconds: Int?
    ) async -> [Double]? {
        guard candidates.contains(where: \.readsProbe),
            let hold = model.store?.holdIfLoaded(model.member),
            model.engine.hasRoomForProbe(promptTokens: prompt.count)
        else { return nil }
        if let milliseconds {
            let seconds = model.engine.load(promptTokens: prompt.count).prefillSeconds
            guard seconds <= Double(milliseconds) * 1e-3 * Self.shareOfDeadline else { return nil }
        }
        // Whatever hinders the probe meets the answer too, which then says so.
        let state = try? await model.engine.hiddenState(
            of: prompt, member: model.member, holding: hold)
        return state.flatMap { probe.features(of: $0) }
    }
}

extension Probe {
    /// Refuses directions that are not of a member's hidden size.
    func check(hiddenSize: Int, in family: String) throws(ModelLoadingError) {
        for (index, direction) in directions.enumerated() {
            guard direction.count == hiddenSize, direction.allSatisfy(\.isFinite) else {
                throw .manifest(
                    path: "\(family)/\(FamilyManifest.fileName)",
                    reason: "probe.directions.\(index): expected \(hiddenSize) finite numbers, "
                        + "the hidden size of \(member), found \(direction.count); calibrate again"
                )
            }
        }
    }
}

extension Budget {
    /// Takes off a deadline what has passed of it.
    mutating func spend(_ duration: Duration) {
        guard let milliseconds = latencyMilliseconds, milliseconds > 0 else { return }
        let passed = duration / .milliseconds(1)
        latencyMilliseconds = max(1, milliseconds - Int(min(passed, 1e9)))
    }
}
