@testable import Decoding

extension DecodeLoop {
    /// A step, after which who ended is told so, as the engine does.
    mutating func stepAndNotify() {
        _ = step()
        notifyEnded()
    }

    /// A loop over a scripted model that keeps no prefixes, to watch a queue by.
    static func queueing(
        order: QueueOrder, running: Int, pageCount: Int,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) -> DecodeLoop {
        var shape = ScriptedModel.Shape()
        shape.pageCount = pageCount
        var configuration = EngineConfiguration()
        configuration.order = order
        configuration.maximumRunning = running
        configuration.reusesPrefixes = false
        let model = ScriptedModel(shape)
        return DecodeLoop(
            model: model, limits: RequestLimits(model: model, configuration: configuration),
            configuration: configuration, clock: clock)
    }
}
