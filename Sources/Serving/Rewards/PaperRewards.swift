import Evaluation

/// What the paper's own trainer sends (arXiv 2502.04463): responses one by one, each with all of
/// its group and the row of the data set.
///
///     {"query": [{"response", "aux_info": {"dataset_name", "problem", "solution",
///                                          "all_responses", …}}], "steps", "total_steps"}
///
/// Every text is the prompt and the response with special tokens kept.
struct PaperRewards: RewardForm {
    private struct Entry {
        var dataset: String
        var position: Int
    }

    private var entries: [Entry] = []
    private var groups: [ResponseGroup] = []

    init(
        _ body: inout RequestFields, _ request: RewardRequest, limit: Int
    ) throws(ServingError) {
        var room = limit
        let queries = try body.objects("query", atMost: limit).required(at: body.path(of: "query"))
        for var query in queries {
            let response = try query.string("response").required(at: query.path(of: "response"))
            var row = try query.object("aux_info").required(at: query.path(of: "aux_info"))
            let dataset = try row.string("dataset_name").required(at: row.path(of: "dataset_name"))
            let all = try row.strings("all_responses", atMost: limit).required(
                at: row.path(of: "all_responses"))
            room -= all.count + 1
            guard room >= 0 else { throw .tooManyResponses(limit: limit) }
            var group = ResponseGroup(answer: try Self.gold(&row), responses: [])
            group.responses = all.map { Self.response($0, request.ending) }
            let position = Self.place(response, among: all, in: &group, request.ending)
            entries.append(Entry(dataset: dataset, position: position))
            groups.append(group)
        }
    }

    /// The paper's server looks the answer up in its own copy of the data; the row carries it too.
    private static func gold(_ row: inout RequestFields) throws(ServingError) -> String {
        if let answer = try row.answer("answer", GoldAnswer.inAnswer) { return answer }
        return try row.answer("solution", GoldAnswer.inSolution).required(
            at: row.path(of: "solution"))
    }

    private static func response(
        _ text: String, _ ending: EndOfSequence
    ) -> ResponseGroup.Response {
        let (content, isFinished) = ending.parting(text)
        return ResponseGroup.Response(text: content, isFinished: isFinished)
    }

    /// Finds the response in its group; one that is not there joins it.
    ///
    /// The paper's trainer overwrites the last token of a response that was cut off with an end,
    /// except in `all_responses`. So a text that only goes on in an unfinished member, without the
    /// half letter that the lost token may leave, is that member and was cut off too.
    private static func place(
        _ text: String, among all: [String], in group: inout ResponseGroup,
        _ ending: EndOfSequence
    ) -> Int {
        let own = response(text, ending)
        if let position = all.firstIndex(where: { $0.utf8.elementsEqual(text.utf8) }) {
            return position
        }
        if let position = group.responses.firstIndex(of: own) { return position }
        var stem = Array(own.text.utf8)[...]
        while stem.suffix(3).elementsEqual([0xEF, 0xBF, 0xBD]) { stem = stem.dropLast(3) }
        let cut = group.responses.firstIndex { !$0.isFinished && $0.text.utf8.starts(with: stem) }
        if let cut, !stem.isEmpty { return cut }
        group.responses.append(own)
        return group.responses.count - 1
    }

    func reply(_ request: RewardRequest, desk: RewardDesk) async throws -> [UInt8] {
        let graded = try await desk.grade(groups, request)
        var datasets: [String] = []
        for entry in entries where !datasets.contains(entry.dataset) {
            datasets.append(entry.dataset)
        }
        return JSONWriter.object { json in
            json.array(
                "rewards",
                zip(entries, graded).map { $1.rewards(alpha: request.alpha)[$0.position] })
            for dataset in datasets {
                // A response of another data set has no value here.
                func column(_ value: (GradedGroup, Int) -> Double) -> [Double?] {
                    zip(entries, graded).map { entry, group in
                        entry.dataset == dataset ? value(group, entry.position) : nil
                    }
                }
                json.array("\(dataset)_accuracy", column { $0.accuracy[$1] })
                json.array("\(dataset)_response_length", column { Double($0.lengths[$1]) })
                json.array("is_\(dataset)", entries.map { $0.dataset == dataset ? 1 : 0 })
            }
        }
    }
}
