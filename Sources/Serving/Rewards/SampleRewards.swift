import Evaluation

/// What OpenRLHF sends: as a rule one response a request, as soon as it is sampled, its group
/// scattered over as many requests.
///
///     {"query": ["prompt and response"], "prompts": ["prompt"], "labels": ["answer"]}
struct SampleRewards: RewardForm {
    private var keys: [GroupCollector.Key] = []
    private var responses: [ResponseGroup.Response] = []

    init(
        _ body: inout RequestFields, _ request: RewardRequest, limit: Int
    ) throws(ServingError) {
        func texts(_ name: String) throws(ServingError) -> [String] {
            try body.strings(name, atMost: limit).required(at: body.path(of: name))
        }
        let queries = try texts("query")
        let prompts = try texts("prompts")
        let labels = try body.answers("labels", atMost: limit).required(at: body.path(of: "labels"))
        for (name, count) in [("prompts", prompts.count), ("labels", labels.count)]
        where count != queries.count {
            throw .invalidValue(
                path: name, expected: "a list of \(queries.count) as 'query' is",
                found: "\(count)")
        }
        for (index, query) in queries.enumerated() {
            let prompt = prompts[index]
            keys.append(
                GroupCollector.Key(prompt: prompt, answer: labels[index], request: request))
            let text =
                query.utf8.starts(with: prompt.utf8)
                ? String(decoding: query.utf8.dropFirst(prompt.utf8.count), as: UTF8.self) : query
            let (content, isFinished) = request.ending.parting(text)
            responses.append(ResponseGroup.Response(text: content, isFinished: isFinished))
        }
    }

    func reply(_ request: RewardRequest, desk: RewardDesk) async throws -> [UInt8] {
        let collected = try await collect(desk.collector)
        var graded: [GradedGroup] = []
        for one in collected {
            graded.append(try await desk.grader.grade(one.group, mode: request.mode))
        }
        func column<Value>(_ value: (GradedGroup, Int) -> Value) -> [Value] {
            zip(graded, collected).map { value($0, $1.position) }
        }
        let accuracy = column { $0.accuracy[$1] }
        return JSONWriter.object { json in
            json.array("rewards", column { $0.rewards(alpha: request.alpha)[$1] })
            // What the trainer picks its prompts by: how often they are solved.
            json.array("scores", accuracy)
            json.object("extra_logs") {
                $0.array("accuracy", accuracy)
                $0.array("response_length", column { Double($0.lengths[$1]) })
                $0.array("finished", responses.map { $0.isFinished ? 1 : 0 })
                $0.array("group_size", collected.map { Double($0.group.responses.count) })
                $0.array("group_complete", collected.map { $0.isComplete ? 1 : 0 })
            }
            json.field("alpha", request.alpha)
            json.field("length_unit", desk.countedUnit.rawValue)
        }
    }

    /// All wait at once: they may be each other's group.
    private func collect(_ collector: GroupCollector) async throws -> [GroupCollector.Collected] {
        try await withThrowingTaskGroup { tasks in
            for index in keys.indices {
                tasks.addTask { [key = keys[index], response = responses[index]] in
                    (index, try await collector.collect(response, under: key))
                }
            }
            var collected: [Int: GroupCollector.Collected] = [:]
            for try await (index, one) in tasks { collected[index] = one }
            return keys.indices.compactMap { collected[$0] }
        }
    }
}
