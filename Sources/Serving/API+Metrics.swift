import HTTP
import Inference
import Routing

extension API {
    /// `GET /metrics`: what routing promised and what came of it, and what was saved, in Prometheus'
    /// text format.
    func metrics() -> HTTPResponse {
        let routing = service.routing
        var text = MetricsText()
        text.begin(
            "laconic_route_decisions_total", "counter", "Requests by chosen model and reason.")
        for (decision, count) in routing.decisions.sorted(by: {
            ($0.key.model, $0.key.reason.rawValue) < ($1.key.model, $1.key.reason.rawValue)
        }) {
            text.sample(
                "laconic_route_decisions_total",
                [("model", decision.model), ("reason", decision.reason.rawValue)], Double(count))
        }
        text.begin("laconic_forced_closes_total", "counter", "Thoughts closed early.")
        for (model, count) in routing.forcedCloses.sorted(by: { $0.key < $1.key }) {
            text.sample("laconic_forced_closes_total", [("model", model)], Double(count))
        }
        text.begin(
            "laconic_budget_overrun_tokens_total", "counter",
            "New tokens above a ceiling; anything but 0 is a fault.")
        text.sample("laconic_budget_overrun_tokens_total", [], Double(routing.overrunTokens))
        let coverage = routing.coverage.sorted { $0.key < $1.key }
        text.begin(
            "laconic_budget_p90_coverage", "gauge",
            "Share of whole answers that took no more tokens than their predicted p90.")
        for (model, tracker) in coverage {
            guard let share = tracker.coverage else { continue }
            text.sample("laconic_budget_p90_coverage", [("model", model)], share)
        }
        text.begin(
            "laconic_budget_p90_judged_total", "counter", "Answers that coverage is of.")
        for (model, tracker) in coverage {
            text.sample(
                "laconic_budget_p90_judged_total", [("model", model)], Double(tracker.judged))
        }
        text.begin(
            "laconic_budget_p90_widening", "gauge",
            "What live traffic added to the predicted p90, in deviations.")
        for (model, tracker) in coverage {
            text.sample("laconic_budget_p90_widening", [("model", model)], tracker.widening)
        }
        Self.write(service.loading, into: &text)
        Self.write(service.decoding, into: &text)
        return HTTPResponse(
            status: .ok, type: "text/plain; version=0.0.4; charset=utf-8",
            bytes: Array(text.text.utf8))
    }

    private static func write(_ loading: LoadingStatistics, into text: inout MetricsText) {
        let samples: [(name: String, type: String, help: String, value: Double)] = [
            ("members_loaded", "gauge", "Family members in memory.", Double(loading.loaded)),
            (
                "member_weight_bytes", "gauge", "Bytes of their weights, mapped ones included.",
                Double(loading.byteCount)
            ),
            ("members_awaited", "gauge", "Requests that wait for one.", Double(loading.waiting)),
            (
                "member_loads_total", "counter", "Members loaded or made, each time counted.",
                Double(loading.loads)
            ),
            (
                "member_load_failures_total", "counter", "Loads that failed.",
                Double(loading.failures)
            ),
            (
                "member_drops_total", "counter", "Members dropped to make room.",
                Double(loading.drops)
            ),
            (
                "member_load_seconds_total", "counter", "Seconds that loading took.",
                loading.seconds
            ),
        ]
        for (name, type, help, value) in samples {
            text.begin("laconic_\(name)", type, help)
            text.sample("laconic_\(name)", [], value)
        }
    }

    /// By vLLM's names, so that dashboards find them.
    private static func write(_ decoding: EngineStatistics, into text: inout MetricsText) {
        let samples: [(name: String, help: String, value: Int)] = [
            (
                "prefix_cache_queries_total", "Prompt tokens looked for in the prefix cache.",
                decoding.prefixTokensQueried
            ),
            (
                "prefix_cache_hits_total", "Prompt tokens found there and not computed.",
                decoding.prefixTokensReused
            ),
            (
                "spec_decode_num_drafts_total", "Times that tokens of a sequence were guessed.",
                decoding.drafts
            ),
            ("spec_decode_num_draft_tokens_total", "Tokens guessed.", decoding.draftTokens),
            (
                "spec_decode_num_accepted_tokens_total", "Tokens drawn as they were guessed.",
                decoding.draftTokensAccepted
            ),
        ]
        for (name, help, value) in samples {
            text.begin("laconic_\(name)", "counter", help)
            text.sample("laconic_\(name)", [], Double(value))
        }
    }
}

/// Prometheus' text exposition format, version 0.0.4.
struct MetricsText {
    private(set) var text = ""

    /// Begins a family of samples.
    mutating func begin(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    /// Writes one sample.
    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
        let written = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
        text += "\(name)\(written.isEmpty ? "" : "{\(written)}") \(number)\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
    }
}
