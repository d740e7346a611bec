/// Words as sequences of tokens, and the counts of neighbouring tokens in them.
///
/// Byte-pair training as usual (Sennrich 2016), with counts that are updated where a merge changes
/// a word. Each merge makes a token that is new: as long as both its ends are ends of tokens, what
/// merges between them depends on the bytes there alone, so no other merge spells it. Hence a pair
/// appears in words either at the start or in the one step that makes the younger of its tokens,
/// and is counted and queued only then; afterwards its count can but fall.
struct PairMerger {
    /// The tokens of all words, end to end; a word that has shrunk leaves a gap behind it.
    private var symbols: [Int32]
    private let starts: [Int]
    private var lengths: [Int]
    private let wordCounts: [Int]

    /// Pairs are numbered as they appear.
    private var numbers: [PairQueue.Pair: Int] = [:]
    private var pairs: [PairQueue.Pair] = []
    private var counts: [Int] = []
    /// The words where each pair has appeared.
    private var places: [[Int32]] = []
    private var queue = PairQueue()
    private var queuedCount = 0

    /// Counts the pairs of all words.
    ///
    /// - Parameters:
    ///   - words: The words, as bytes.
    ///   - byteIDs: The id of each of the 256 bytes.
    init(_ words: WordCounts, byteIDs: [Int32]) {
        symbols = words.bytes.map { byteIDs[Int($0)] }
        wordCounts = words.counts
        starts = words.counts.indices.map { words.range($0).lowerBound }
        lengths = words.counts.indices.map { words.range($0).count }
        for word in wordCounts.indices {
            for index in words.range(word).dropLast() {
                count(symbols[index], symbols[index + 1], in: word)
            }
        }
        queueNewPairs()
    }

    /// Makes the most frequent pair one token in all words.
    ///
    /// - Parameters:
    ///   - minimumCount: The count below which a pair is left alone.
    ///   - result: The id of the new token.
    /// - Returns: The pair, `nil` when none is left that occurs so often.
    mutating func mergeNext(minimumCount: Int, into result: Int32) -> TrainedVocabulary.Merge? {
        while var entry = queue.removeFirst() {
            guard entry.count == counts[entry.number] else {
                entry.count = counts[entry.number]
                queue.insert(entry)
                continue
            }
            guard entry.count >= max(minimumCount, 1) else { return nil }
            let words = places[entry.number]
            places[entry.number] = []
            for word in words {
                merge(entry.pair.left, entry.pair.right, into: result, in: Int(word))
            }
            queueNewPairs()
            return TrainedVocabulary.Merge(left: entry.pair.left, right: entry.pair.right)
        }
        return nil
    }

    /// Replaces the pair in one word, from left to right.
    private mutating func merge(_ left: Int32, _ right: Int32, into result: Int32, in word: Int) {
        let start = starts[word]
        let end = start + lengths[word]
        var read = start
        var write = start
        while read < end {
            guard symbols[read] == left, read + 1 < end, symbols[read + 1] == right else {
                symbols[write] = symbols[read]
                read += 1
                write += 1
                continue
            }
            if write > start {
                discount(symbols[write - 1], left, in: word)
                count(symbols[write - 1], result, in: word)
            }
            if read + 2 < end {
                discount(right, symbols[read + 2], in: word)
                count(result, symbols[read + 2], in: word)
            }
            symbols[write] = result
            read += 2
            write += 1
        }
        lengths[word] = write - start
    }

    private mutating func count(_ left: Int32, _ right: Int32, in word: Int) {
        let pair = PairQueue.Pair(left, right)
        let number: Int
        if let known = numbers[pair] {
            number = known
        } else {
            number = pairs.count
            numbers[pair] = number
            pairs.append(pair)
            counts.append(0)
            places.append([])
        }
        counts[number] += wordCounts[word]
        if places[number].last != Int32(word) { places[number].append(Int32(word)) }
    }

    private mutating func discount(_ left: Int32, _ right: Int32, in word: Int) {
        if let number = numbers[PairQueue.Pair(left, right)] { counts[number] -= wordCounts[word] }
    }

    private mutating func queueNewPairs() {
        for number in queuedCount..<pairs.count where counts[number] > 0 {
            queue.insert(
                PairQueue.Entry(pair: pairs[number], count: counts[number], number: number))
        }
        queuedCount = pairs.count
    }
}
