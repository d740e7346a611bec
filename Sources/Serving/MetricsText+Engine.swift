import Inference

extension MetricsText {
    /// What the engines hold and have done.
    mutating func write(_ decoding: EngineStatistics, heartbeatAge: Double) {
        gauge(
            "laconic_num_requests_running", "Sequences whose pages are reserved.",
            Double(decoding.running))
        gauge(
            "laconic_num_requests_waiting", "Sequences in the queue.", Double(decoding.waiting))
        gauge(
            "laconic_kv_cache_usage_perc", "Share of KV pages held or reserved, from 0 to 1.",
            decoding.pageShare)
        gauge("laconic_kv_cache_pages", "KV pages that exist.", Double(decoding.pageCount))
        gauge(
            "laconic_kv_cache_pages_used", "KV pages held or reserved.",
            Double(decoding.pagesUsed))
        gauge(
            "laconic_kv_cache_pages_cached",
            "KV pages kept for their prefixes alone, evicted when needed.",
            Double(decoding.pagesCached))
        gauge(
            "laconic_decode_heartbeat_age_seconds",
            "Seconds since the decode loop last completed a turn; 0 with nothing to do.",
            heartbeatAge)
        for (name, help, value) in [
            (
                "num_preemptions_total",
                "Sequences that lost their place: none ever does, as pages are reserved.", 0
            ),
            ("decode_steps_total", "Forward passes.", decoding.steps),
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
        ] {
            counter("laconic_\(name)", help, Double(value))
        }
    }

    /// How their steps went.
    mutating func write(_ histograms: DecodingHistograms) {
        self.histograms(
            "laconic_inter_token_latency_seconds",
            "Seconds between tokens of a sequence; k tokens of one step are k times a k-th.",
            [([], histograms.secondsBetweenTokens)])
        self.histograms(
            "laconic_iteration_tokens_total", "Tokens computed in a step, prompts' included.",
            [([], histograms.tokensPerStep)])
    }

    /// What a family's weights take, and took to load.
    mutating func write(_ loading: LoadingStatistics) {
        gauge("laconic_members_loaded", "Family members in memory.", Double(loading.loaded))
        gauge(
            "laconic_member_weight_bytes", "Bytes of their weights, mapped ones included.",
            Double(loading.byteCount))
        gauge(
            "laconic_members_awaited", "Requests that wait for one.", Double(loading.waiting))
        counter(
            "laconic_member_loads_total", "Members loaded or made, each time counted.",
            Double(loading.loads))
        counter(
            "laconic_member_load_failures_total", "Loads that failed.", Double(loading.failures))
        counter(
            "laconic_member_drops_total", "Members dropped to make room.", Double(loading.drops))
        counter(
            "laconic_member_load_seconds_total", "Seconds that loading took.", loading.seconds)
    }

    /// How the KV cache is laid out, under vLLM's labels.
    mutating func writeCacheConfiguration(
        _ name: String, _ decoding: EngineStatistics, _ labels: Labels
    ) {
        gauges(
            name, "The KV cache, as labels: tokens of a page and how many there are.",
            [
                (
                    labels + [
                        ("block_size", "\(decoding.pageSize)"),
                        ("num_gpu_blocks", "\(decoding.pageCount)"),
                    ], 1
                )
            ])
    }

    /// What autoscalers and gateways read from vLLM, under its names.
    ///
    /// `vllm:lora_requests_info` is not among them: the members of a family are no adapters.
    mutating func writeAsVLLM(_ decoding: EngineStatistics, model: String) {
        let labels: Labels = [("model_name", model)]
        gauges(
            "vllm:num_requests_running", "As laconic_num_requests_running.",
            [(labels, Double(decoding.running))])
        gauges(
            "vllm:num_requests_waiting", "As laconic_num_requests_waiting.",
            [(labels, Double(decoding.waiting))])
        gauges(
            "vllm:kv_cache_usage_perc", "As laconic_kv_cache_usage_perc.",
            [(labels, decoding.pageShare)])
        writeCacheConfiguration("vllm:cache_config_info", decoding, labels)
    }

    /// What the system says of the process.
    mutating func write(_ process: ProcessStatistics) {
        counter(
            "process_cpu_seconds_total", "Seconds of processor time, user and system.",
            process.cpuSeconds)
        gauge(
            "process_resident_memory_bytes", "Bytes in memory, mapped files included.",
            Double(process.residentByteCount))
        gauge(
            "process_virtual_memory_bytes", "Bytes of address space.",
            Double(process.virtualByteCount))
        gauge(
            "process_open_fds", "Descriptors that are open.", Double(process.openDescriptorCount))
        gauge(
            "process_max_fds", "Descriptors that may be open.", Double(process.mostDescriptors))
        gauge(
            "process_start_time_seconds", "When the process began, in seconds since 1970.",
            process.startTime)
    }
}

extension EngineStatistics {
    /// The share of pages that are held or reserved.
    fileprivate var pageShare: Double {
        pageCount > 0 ? min(1, Double(pagesUsed) / Double(pageCount)) : 0
    }
}
