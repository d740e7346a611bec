/// Words as sequences of tokens, and the counts of neighbouring tokens in them.
///
/// Byte-pair training as usual (Sennrich 2016), with counts that are updated where a merge changes
/// a word. Two habits of the reference decide which merges come out, and are kept: the count of a
/// merged pair is left as it was, which matters when a later merge spells a known token and brings
/// the pair back; and words where a pair appears anew wait apart from those where it was before.
struct PairMerger {
    /// The tokens of all words, end to end; a word that has shrunk leaves a gap behind it.
    private var symbols: [Int32]
    private let starts: [Int]
    private var lengths: [Int]
    private let wordCounts: [Int]

    /// A number for each pair seen, by its left id above its right id.
    private var numbers: [UInt64: Int] = [:]
    private var pairs: [UInt64] = []
    private var counts: [Int] = []
    /// Words where the pair of this number has appeared since the queue was filled.
    private var newWords: [[Int32]] = []
    private var touched: [Int] = []

    private var queue = PairQueue()
    private var wordLists: [[Int32]] = []

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
            for index in starts[word]..<max(starts[word], starts[word] + lengths[word] - 1) {
                change(symbols[index], symbols[index + 1], in: word, by: 1)
            }
        }
        fillQueue()
    }

    /// Takes the most frequent pair off the queue and makes it one token in the words.
    ///
    /// - Parameters:
    ///   - minimumCount: The count below which a pair is left alone.
    ///   - name: Gives the id of the token that the two ids become.
    /// - Returns: False when no pair is left that occurs so often.
    mutating func mergeNext(
        minimumCount: Int, naming name: (_ left: Int32, _ right: Int32) -> Int32
    ) -> Bool {
        while var entry = queue.removeFirst() {
            let count = counts[numbers[entry.pair, default: 0]]
            guard entry.count == count else {
                entry.count = count
                queue.insert(entry)
                continue
            }
            guard count >= max(minimumCount, 1) else { return false }
            let left = Int32(truncatingIfNeeded: entry.pair >> 32)
            let right = Int32(truncatingIfNeeded: entry.pair)
            let result = name(left, right)
            let words = wordLists[entry.place]
            wordLists[entry.place] = []
            for word in words { merge(left, right, into: result, in: Int(word)) }
            fillQueue()
            return true
        }
        return false
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
                change(symbols[write - 1], left, in: word, by: -1)
                change(symbols[write - 1], result, in: word, by: 1)
            }
            if read + 2 < end {
                change(right, symbols[read + 2], in: word, by: -1)
                change(result, symbols[read + 2], in: word, by: 1)
            }
            symbols[write] = result
            read += 2
            write += 1
        }
        lengths[word] = write - start
    }

    private mutating func change(_ left: Int32, _ right: Int32, in word: Int, by step: Int) {
        let pair = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        let number: Int
        if let known = numbers[pair] {
            number = known
        } else {
            number = pairs.count
            numbers[pair] = number
            pairs.append(pair)
            counts.append(0)
            newWords.append([])
        }
        counts[number] += step * wordCounts[word]
        guard step > 0, newWords[number].last != Int32(word) else { return }
        if newWords[number].isEmpty { touched.append(number) }
        newWords[number].append(Int32(word))
    }

    /// Puts the pairs that have appeared into the queue, with the words where they did.
    private mutating func fillQueue() {
        for number in touched {
            if counts[number] > 0 {
                queue.insert(
                    PairQueue.Entry(
                        pair: pairs[number], count: counts[number], place: wordLists.count))
                wordLists.append(newWords[number])
            }
            newWords[number] = []
        }
        touched.removeAll(keepingCapacity: true)
    }
}
