import HTTP
import Inference

extension API {
    /// `GET /metrics`: what the server holds, has done and has promised, in Prometheus' text
    /// format.
    ///
    /// Names end as vLLM's do and mean the same. `model_name` is the member that answered; what
    /// all members share has no such label.
    func metricsReport() -> HTTPResponse {
        var text = MetricsText()
        let decoding = service.decoding
        text.write(decoding, heartbeatAge: service.secondsSinceHeartbeat)
        text.write(service.decodingHistograms)
        // What is listed is there from the start, at 0; what has gone keeps its counts.
        let served = service.models.map(\.id)
        var models = metrics.counts.models
        for name in served where models.count < 64 && models[name] == nil {
            models[name] = ModelMetrics()
        }
        text.write(models.sorted { $0.key < $1.key }, tokens: metrics.tokens)
        text.writeRouting(service.routing)
        text.write(service.loading)
        text.write(metrics.counts, traffic, droppedLogLines: configuration.droppedLogLines())
        text.gauges(
            "laconic_build_info", "The program, as labels.",
            [([("version", configuration.version)], 1)])
        text.writeCacheConfiguration("laconic_cache_config_info", decoding, [])
        text.write(ProcessStatistics())
        if configuration.speaksVLLMMetrics {
            text.writeAsVLLM(decoding, model: served.first ?? "")
        }
        return HTTPResponse(
            status: .ok, type: "text/plain; version=0.0.4; charset=utf-8",
            bytes: Array(text.text.utf8))
    }
}
