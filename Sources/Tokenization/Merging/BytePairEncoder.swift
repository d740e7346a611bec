/// Byte-pair encoding of one piece (Sennrich and others, 2016).
///
/// The pair of lowest rank merges first, the leftmost of equals, until none is left.
struct BytePairEncoder: Sendable {
    let vocabulary: Vocabulary
    let merges: MergeTable
    /// The piece's bytes are encoded each on its own; otherwise its code points are.
    let isByteLevel: Bool
    /// The id of each byte's character, or of `<0x00>` to `<0xFF>`; -1 where there is none.
    let byteIDs: [Int32]
    /// What an unknown symbol becomes; -1 drops it, as the reference does.
    let unknownID: Int32
    let fusesUnknown: Bool
    let byteFallback: Bool
    let ignoresMerges: Bool

    /// Working memory of one encoding, kept between pieces.
    struct Scratch {
        var symbols: [Int32] = []
        var ranks: [UInt64] = []
        var next: [Int32] = []
        var previous: [Int32] = []
        var heap: [UInt64] = []
        var text: [UInt8] = []
    }

    /// Above this many symbols a heap replaces the scan for the lowest rank.
    private static let scanLimit = 48

    /// Appends the ids of `text[range]`.
    func encode(
        _ text: Span<UInt8>, _ range: Range<Int>, scratch: inout Scratch, into ids: inout [Int32]
    ) {
        if ignoresMerges {
            let whole = wholeToken(text, range, &scratch)
            if whole >= 0 {
                ids.append(whole)
                return
            }
        }
        scratch.symbols.removeAll(keepingCapacity: true)
        if isByteLevel, !byteIDs.contains(-1) {
            for index in range { scratch.symbols.append(byteIDs[Int(text[index])]) }
        } else {
            appendSymbols(text, range, &scratch)
        }
        if scratch.symbols.count <= Self.scanLimit {
            mergeByScan(&scratch)
            ids.append(contentsOf: scratch.symbols)
        } else {
            mergeByHeap(&scratch)
            var index: Int32 = 0
            while index >= 0 {
                ids.append(scratch.symbols[Int(index)])
                index = scratch.next[Int(index)]
            }
        }
    }

    private func wholeToken(
        _ text: Span<UInt8>, _ range: Range<Int>, _ scratch: inout Scratch
    ) -> Int32 {
        guard isByteLevel else { return vocabulary.id(of: text, range) }
        guard range.count <= Vocabulary.maximumTokenLength else { return -1 }
        scratch.text.removeAll(keepingCapacity: true)
        for index in range {
            appendScalar(ByteAlphabet.scalars[Int(text[index])].value, to: &scratch.text)
        }
        return vocabulary.id(of: scratch.text.span, 0..<scratch.text.count)
    }

    /// Symbols where some may be unknown.
    ///
    /// Pending unknowns are appended when the next known
    /// symbol comes, but bytes of a fall-back go ahead of them: the reference's order.
    private func appendSymbols(
        _ text: Span<UInt8>, _ range: Range<Int>, _ scratch: inout Scratch
    ) {
        var pending = false
        var index = range.lowerBound
        while index < range.upperBound {
            let length = isByteLevel ? 1 : decodeScalar(text, index).length
            let symbol = index..<index + length
            index += length
            let id =
                isByteLevel
                ? byteIDs[Int(text[symbol.lowerBound])] : vocabulary.id(of: text, symbol)
            if id >= 0 {
                if pending { scratch.symbols.append(unknownID) }
                pending = false
                scratch.symbols.append(id)
                continue
            }
            if byteFallback, !isByteLevel, symbol.allSatisfy({ byteIDs[Int(text[$0])] >= 0 }) {
                for index in symbol { scratch.symbols.append(byteIDs[Int(text[index])]) }
                continue
            }
            guard unknownID >= 0 else { continue }
            if pending, !fusesUnknown { scratch.symbols.append(unknownID) }
            pending = true
        }
        if pending { scratch.symbols.append(unknownID) }
    }

    private func mergeByScan(_ scratch: inout Scratch) {
        guard scratch.symbols.count > 1 else { return }
        scratch.ranks.removeAll(keepingCapacity: true)
        for index in 0..<scratch.symbols.count - 1 {
            scratch.ranks.append(merges.merge(scratch.symbols[index], scratch.symbols[index + 1]))
        }
        while true {
            var best = MergeTable.none
            var place = 0
            for index in scratch.ranks.indices where scratch.ranks[index] >> 32 < best >> 32 {
                best = scratch.ranks[index]
                place = index
            }
            if best == MergeTable.none { return }
            scratch.symbols[place] = Int32(truncatingIfNeeded: best)
            scratch.symbols.remove(at: place + 1)
            scratch.ranks.remove(at: place)
            if place > 0 {
                scratch.ranks[place - 1] = merges.merge(
                    scratch.symbols[place - 1], scratch.symbols[place])
            }
            if place < scratch.ranks.count {
                scratch.ranks[place] = merges.merge(
                    scratch.symbols[place], scratch.symbols[place + 1])
            }
        }
    }

    /// Merges in n log n with a linked list of symbols and a heap of ranks and positions.
    ///
    /// An entry whose pair has changed since shows by its rank and is dropped.
    private func mergeByHeap(_ scratch: inout Scratch) {
        let count = scratch.symbols.count
        scratch.next.removeAll(keepingCapacity: true)
        scratch.previous.removeAll(keepingCapacity: true)
        scratch.heap.removeAll(keepingCapacity: true)
        for index in 0..<count {
            scratch.next.append(index + 1 < count ? Int32(index + 1) : -1)
            scratch.previous.append(Int32(index) - 1)
        }
        for index in 0..<count - 1 {
            let merge = merges.merge(scratch.symbols[index], scratch.symbols[index + 1])
            if merge != MergeTable.none {
                scratch.heap.append(merge & ~0xFFFF_FFFF | UInt64(index))
            }
        }
        for index in stride(from: scratch.heap.count / 2 - 1, through: 0, by: -1) {
            siftDown(&scratch.heap, from: index)
        }
        while let top = scratch.heap.first {
            popFirst(&scratch.heap)
            let place = Int(truncatingIfNeeded: top & 0xFFFF_FFFF)
            let other = scratch.next[place]
            guard scratch.symbols[place] >= 0, other >= 0 else { continue }
            let merge = merges.merge(scratch.symbols[place], scratch.symbols[Int(other)])
            guard merge != MergeTable.none, merge >> 32 == top >> 32 else { continue }
            scratch.symbols[place] = Int32(truncatingIfNeeded: merge)
            scratch.symbols[Int(other)] = -1
            let after = scratch.next[Int(other)]
            scratch.next[place] = after
            if after >= 0 {
                scratch.previous[Int(after)] = Int32(place)
                push(scratch.symbols[place], scratch.symbols[Int(after)], place, &scratch.heap)
            }
            let before = scratch.previous[place]
            if before >= 0 {
                push(
                    scratch.symbols[Int(before)], scratch.symbols[place], Int(before), &scratch.heap
                )
            }
        }
    }

    private func push(_ left: Int32, _ right: Int32, _ place: Int, _ heap: inout [UInt64]) {
        let merge = merges.merge(left, right)
        guard merge != MergeTable.none else { return }
        heap.append(merge & ~0xFFFF_FFFF | UInt64(place))
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index] < heap[parent] else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private func popFirst(_ heap: inout [UInt64]) {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown(&heap, from: 0)
    }

    private func siftDown(_ heap: inout [UInt64], from start: Int) {
        var index = start
        while true {
            let left = index * 2 + 1
            guard left < heap.count else { return }
            let right = left + 1
            let child = right < heap.count && heap[right] < heap[left] ? right : left
            guard heap[child] < heap[index] else { return }
            heap.swapAt(index, child)
            index = child
        }
    }
}
