/// What the chunks of OpenAI's two stream dialects have in common.
extension CompletionProgress {
    /// The chunk without choices that carries the usage, where the caller asked for it.
    func usageChunk(object: String) -> [UInt8] {
        JSONWriter.object { json in
            writeHead(into: &json, object: object)
            json.array("choices") { _ in }
            writeUsage(into: &json)
            writeBudget(into: &json)
            writeWarnings(into: &json)
        }
    }

    /// The end of a chunk with choices: where a usage chunk will follow a null usage, or that so far, else, on the
    /// last one, what that chunk would have told of the budget.
    func writeTail(into json: inout JSONWriter, includesUsage: Bool, isLast: Bool) {
        if job.tellsUsageSoFar {
            writeUsage(into: &json)
        } else if includesUsage {
            json.null("usage")
        } else if isLast {
            writeBudget(into: &json)
            writeWarnings(into: &json)
        }
    }
}
