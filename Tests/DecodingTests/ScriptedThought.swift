@testable import Decoding

/// A thought of the scripted model's 24 ids: the tags are 22 and 23, and 21 ends a sequence.
enum ScriptedThought {
    static let close: Int32 = 23
    static let open: Int32 = 22
    static let stop: Int32 = 21
    static let closer: [Int32] = [20, 19, 23, 18]

    static func control(startsOpen: Bool = true) -> ThoughtControl {
        let shapes = TokenShapes(vocabularySize: 24) { $0 < 20 ? [UInt8(97 + $0)] : [] }
        var control = ThoughtControl(
            open: [open], close: [close], closer: closer, shapes: shapes)
        control.startsOpen = startsOpen
        return control
    }

    static func request(maximum: Int = 30, seed: UInt64 = 7) -> SequenceRequest {
        var request = SequenceRequest(prompt: [1, 2, 3, 4, 5], maximumTokens: maximum)
        request.sampling.seed = seed
        request.sampling.logitBias = [close: -1000, open: -1000, stop: -1000]
        request.stopIDs = [stop]
        request.thought = control()
        return request
    }
}
