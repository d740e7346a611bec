import HTTP
import Inference
import Routing

extension MetricsText {
    /// What became of completions, by member.
    mutating func write(
        _ models: [(key: String, value: ModelMetrics)], tokens: [String: TokenTally]
    ) {
        let tallies = models.map { ([("model_name", $0.key)] as Labels, tokens[$0.key]) }
        counters(
            "laconic_prompt_tokens_total", "Tokens of prompts, as usage counts them.",
            tallies.map { ($0, Double($1?.prompt ?? 0)) })
        counters(
            "laconic_generation_tokens_total",
            "New tokens, thoughts included, as usage counts them and while they come.",
            tallies.map { ($0, Double($1?.generation ?? 0)) })
        counters(
            "laconic_reasoning_tokens_total", "New tokens inside thoughts.",
            tallies.map { ($0, Double($1?.reasoning ?? 0)) })
        split(
            "laconic_request_success_total", "finished_reason",
            "Choices that ended by themselves, at a ceiling, or with their client (abort).",
            models, \.endings)
        for (name, help, histogram) in Self.distributions {
            histograms(
                "laconic_\(name)", help,
                models.map { ([("model_name", $0.key)], $0.value[keyPath: histogram]) })
        }
        for (name, help, count) in Self.budgets {
            counters(
                "laconic_budget_\(name)_tokens_total", help,
                models.map { ([("model_name", $0.key)], Double($0.value[keyPath: count])) })
        }
        split(
            "laconic_budget_exhausted_total", "kind",
            "Choices that a ceiling cut off or whose thought it closed.", models, \.exhausted)
        histograms(
            "laconic_budget_predicted_to_actual_ratio",
            "New tokens that the router expected, over those that came.",
            models.map { ([("model_name", $0.key)], $0.value.lengthRatio) })
    }

    private typealias Distribution = (String, String, KeyPath<ModelMetrics, Histogram>)

    private static var distributions: [Distribution] {
        [
            ("request_prompt_tokens", "Tokens of a prompt.", \.promptTokens),
            ("request_generation_tokens", "New tokens of a choice.", \.generationTokens),
            ("request_reasoning_tokens", "Tokens of a choice's thought.", \.reasoningTokens),
            (
                "request_max_num_generation_tokens", "New tokens of a prompt's longest choice.",
                \.mostGenerationTokens
            ),
            (
                "time_to_first_token_seconds", "From the request to the first token.", \.firstToken
            ),
            ("e2e_request_latency_seconds", "From the request to the last token.", \.total),
            ("request_queue_time_seconds", "In the queue.", \.queue),
            (
                "request_prefill_time_seconds", "From the queue's end to the first token.",
                \.prefill
            ),
            ("request_decode_time_seconds", "From the first token to the last.", \.decode),
        ]
    }

    private static var budgets: [(String, String, KeyPath<ModelMetrics, Int>)] {
        [
            (
                "requested", "Tokens that requests with a ceiling in tokens named.",
                \.budget.requested
            ),
            ("effective", "The ceilings that held for those.", \.budget.effective),
            ("spent", "New tokens of those.", \.budget.spent),
        ]
    }

    /// A family that splits the counts of each member.
    private mutating func split(
        _ name: String, _ label: String, _ help: String,
        _ models: [(key: String, value: ModelMetrics)],
        _ counts: KeyPath<ModelMetrics, [String: Int]>
    ) {
        counters(
            name, help,
            models.flatMap { model in
                model.value[keyPath: counts].sorted { $0.key < $1.key }.map {
                    ([("model_name", model.key), (label, $0.key)], Double($0.value))
                }
            })
    }

    /// What routing promised and what came of it.
    mutating func writeRouting(_ routing: RoutingStatistics) {
        counters(
            "laconic_route_decisions_total", "Requests by chosen member and reason.",
            routing.decisions.sorted {
                ($0.key.model, $0.key.reason.rawValue) < ($1.key.model, $1.key.reason.rawValue)
            }.map {
                (
                    [("model_name", $0.key.model), ("reason", $0.key.reason.rawValue)],
                    Double($0.value)
                )
            })
        counters(
            "laconic_forced_closes_total", "Thoughts closed early.",
            routing.forcedCloses.sorted { $0.key < $1.key }.map {
                ([("model_name", $0.key)], Double($0.value))
            })
        counter(
            "laconic_budget_overrun_tokens_total",
            "New tokens above a ceiling; anything but 0 is a fault.",
            Double(routing.overrunTokens))
        let coverage = routing.coverage.sorted { $0.key < $1.key }
        gauges(
            "laconic_budget_p90_coverage",
            "Share of whole answers that took no more tokens than their predicted p90.",
            coverage.compactMap { name, tracker in
                tracker.coverage.map { ([("model_name", name)], $0) }
            })
        counters(
            "laconic_budget_p90_judged_total", "Answers that coverage is of.",
            coverage.map { ([("model_name", $0.key)], Double($0.value.judged)) })
        gauges(
            "laconic_budget_p90_widening",
            "What live traffic added to the predicted p90, in deviations.",
            coverage.map { ([("model_name", $0.key)], $0.value.widening) })
    }

    /// What went over the wire.
    mutating func write(
        _ counts: ServingMetrics.Counts, _ traffic: HTTPTraffic, droppedLogLines: Int
    ) {
        counters(
            "laconic_request_failures_total", "Requests answered with an error, by its code.",
            counts.failures.sorted { $0.key < $1.key }.map {
                ([("code", $0.key)], Double($0.value))
            }
        )
        counters(
            "laconic_http_requests_total",
            "Requests by route, method and status; 499 where the client left first.",
            counts.exchanges.sorted {
                ($0.key.handler, $0.key.method, $0.key.status)
                    < ($1.key.handler, $1.key.method, $1.key.status)
            }.map {
                (
                    [
                        ("handler", $0.key.handler), ("method", $0.key.method),
                        ("status", "\($0.key.status)"),
                    ], Double($0.value)
                )
            })
        gauge(
            "laconic_http_connections_open", "Connections that are open.",
            Double(traffic.openConnectionCount))
        counter(
            "laconic_http_connections_total", "Connections taken in.",
            Double(traffic.connectionCount))
        counter(
            "laconic_http_received_bytes_total", "Bytes received, TLS undone.",
            Double(traffic.receivedByteCount))
        counter(
            "laconic_http_sent_bytes_total", "Bytes sent, before TLS.",
            Double(traffic.sentByteCount))
        counter(
            "laconic_log_lines_dropped_total", "Log lines dropped because nobody took them.",
            Double(droppedLogLines))
        counters(
            "laconic_reloads_total",
            "Times that keys, certificates and models were loaded again, by outcome.",
            [
                ([("outcome", "success")], Double(counts.reloads.succeeded)),
                ([("outcome", "failure")], Double(counts.reloads.failed)),
            ])
        gauge(
            "laconic_last_reload_successful",
            "1 where all of them were taken the last time, or none was asked for; else 0.",
            counts.reloads.isCurrent ? 1 : 0)
    }
}
