/// The prefix cache: prompts that begin alike share the pages of their beginning.
///
///     [0, hits)          pages of others, shared, never written
///     [hits, ...)        pages of the sequence's own
///
/// Only full pages are shared and a sequence starts computing where a page starts, so nobody ever
/// writes to a shared page. By the model's contract a page's contents depend on its tokens and
/// those before it alone, so sharing changes no result.
extension Scheduler {
    /// Whether the next page of a prompt may come from the cache.
    ///
    /// The prompt's last token is always computed, for its logits are needed; so is every token
    /// whose own logits were asked for.
    func mayReusePage(_ sequence: TokenSequence) -> Bool {
        configuration.reusesPrefixes && !sequence.request.promptLogprobs
            && sequence.computedCount % limits.pageSize == 0
            && sequence.computedCount + limits.pageSize < sequence.request.prompt.count
    }

    /// The pages of a waiting sequence's prompt that can be shared.
    func cachedPrefix(of waiting: TokenSequence) -> [BlockPool.Entry] {
        var sequence = waiting
        var hits: [BlockPool.Entry] = []
        while mayReusePage(sequence), let key = keyOfCurrentPage(of: sequence),
            let hit = pool.find(key)
        {
            hits.append(hit)
            sequence.computedCount += limits.pageSize
            sequence.prefixSerial = hit.serial
        }
        return hits
    }

    /// Shares the pages that others computed since the sequence was admitted.
    mutating func reusePrefix(at index: Int) {
        while mayReusePage(running[index]), let key = keyOfCurrentPage(of: running[index]),
            let hit = pool.find(key)
        {
            // The page reserved for this place is not needed; giving it back first keeps the
            // reservations covered when the shared page stops idling.
            pool.cancelReservation(1)
            running[index].reservedCount -= 1
            share(hit, at: index)
        }
    }

    mutating func share(_ hit: BlockPool.Entry, at index: Int) {
        pool.share(hit.block)
        running[index].blockTable.append(hit.block)
        running[index].computedCount += limits.pageSize
        running[index].prefixSerial = hit.serial
        statistics.prefixTokensReused += limits.pageSize
        if running[index].reusedCount == 0 { statistics.prefixHits += 1 }
        running[index].reusedCount += limits.pageSize
    }

    /// The key that the page of the next token will have, if the prompt fills that page.
    func keyOfCurrentPage(of sequence: TokenSequence) -> PrefixKey? {
        let page = sequence.computedCount / limits.pageSize
        guard configuration.reusesPrefixes,
            (page + 1) * limits.pageSize <= sequence.request.prompt.count
        else { return nil }
        return key(ofPage: page, of: sequence)
    }

    /// The key of a page whose predecessors are all published.
    func key(ofPage page: Int, of sequence: TokenSequence) -> PrefixKey {
        let start = page * limits.pageSize
        return PrefixKey(
            member: sequence.request.member, parent: sequence.prefixSerial,
            tokens: Array(sequence.tokens[start..<start + limits.pageSize]))
    }
}
