/// Counts KV pages; the bytes are the model's.
///
/// Each page is in one of three states:
///
///     free   references == 0, no key     on the free list
///     idle   references == 0, a key      in the eviction list, oldest first
///     used   references > 0              in the block table of so many sequences
///
/// Admission reserves pages without naming them; `take` names one. Reservations never exceed the
/// free and idle pages together, so `take` cannot fail.
struct BlockPool: ~Copyable {
    /// Pages that exist.
    let count: Int

    private var references: [Int32]
    private var keys: [PrefixKey?]
    private var free: [Int32]
    private var entries: [PrefixKey: Entry] = [:]
    private var nextSerial = PrefixKey.root + 1
    private var evictionList: LinkedPages
    /// Pages promised to admitted sequences and not yet taken.
    private(set) var reservedCount = 0

    /// A page found by its key.
    struct Entry: Equatable {
        /// The page number.
        var block: Int32
        /// The `parent` in the key of the page after it.
        var serial: UInt64
    }

    init(count: Int) {
        precondition(count >= 0 && count <= Int32.max, "page count \(count)")
        self.count = count
        references = Array(repeating: 0, count: count)
        keys = Array(repeating: nil, count: count)
        free = (0..<Int32(count)).reversed()
        evictionList = LinkedPages(capacity: count)
    }

    var freeCount: Int { free.count }
    var idleCount: Int { evictionList.count }
    var usedCount: Int { count - free.count - evictionList.count }
    /// Pages that could still be reserved.
    var availableCount: Int { free.count + evictionList.count - reservedCount }

    /// The page that holds exactly the prefix `key`, if one does.
    func find(_ key: PrefixKey) -> Entry? {
        entries[key]
    }

    /// Whether `hits` could be shared and `further` pages reserved besides.
    func canAdmit(hits: [Int32], further: Int) -> Bool {
        // A hit that idles stops counting as available once it is shared.
        let idleHits = hits.count { references[Int($0)] == 0 }
        return availableCount - idleHits >= further
    }

    /// Promises `pages` further pages, which must be available.
    mutating func reserve(_ pages: Int) {
        precondition(pages >= 0 && pages <= availableCount, "reserving \(pages) pages")
        reservedCount += pages
    }

    /// Takes back the promise of `pages` pages.
    mutating func cancelReservation(_ pages: Int) {
        precondition(pages >= 0 && pages <= reservedCount, "\(pages) of \(reservedCount) reserved")
        reservedCount -= pages
    }

    /// Adds a reference to a page that `find` returned.
    mutating func share(_ block: Int32) {
        precondition(keys[Int(block)] != nil, "page \(block) holds no prefix")
        if references[Int(block)] == 0 {
            precondition(availableCount > 0, "page \(block) is promised to others")
            evictionList.remove(block)
        }
        references[Int(block)] += 1
    }

    /// Turns one reserved page into a page of the caller's own, evicting the oldest prefix if no
    /// page is free.
    mutating func take() -> Int32 {
        precondition(reservedCount > 0, "taking a page without a reservation")
        reservedCount -= 1
        if let block = free.popLast() {
            references[Int(block)] = 1
            return block
        }
        guard let block = evictionList.removeFirst() else {
            preconditionFailure("\(reservedCount + 1) pages reserved, none free or idle")
        }
        if let key = keys[Int(block)] { entries[key] = nil }
        keys[Int(block)] = nil
        references[Int(block)] = 1
        return block
    }

    /// Turns a page of the caller's own, which nobody may find, back into a reserved one.
    mutating func giveBack(_ block: Int32) {
        precondition(
            references[Int(block)] == 1 && keys[Int(block)] == nil, "page \(block) is shared")
        references[Int(block)] = 0
        free.append(block)
        reservedCount += 1
    }

    /// Makes a full page findable under `key`, unless another page is already.
    ///
    /// - Returns: The serial number that the following page's key has as `parent`.
    mutating func publish(_ block: Int32, as key: PrefixKey) -> UInt64 {
        precondition(references[Int(block)] > 0, "page \(block) is nobody's")
        if let entry = entries[key] { return entry.serial }
        precondition(keys[Int(block)] == nil, "page \(block) is published already")
        let serial = nextSerial
        nextSerial += 1
        entries[key] = Entry(block: block, serial: serial)
        keys[Int(block)] = key
        return serial
    }

    /// Drops one reference to each page of a block table, last page first, so that a prefix is
    /// evicted from its end.
    mutating func release(_ blockTable: [Int32]) {
        for block in blockTable.reversed() {
            precondition(references[Int(block)] > 0, "page \(block) released twice")
            references[Int(block)] -= 1
            guard references[Int(block)] == 0 else { continue }
            if keys[Int(block)] == nil {
                free.append(block)
            } else {
                evictionList.append(block)
            }
        }
    }

    /// Traps unless every page is in exactly one state and the reservations are covered.
    ///
    /// - Parameter blockTables: The tables of all sequences that hold pages.
    func checkInvariants(blockTables: [[Int32]]) {
        var expected = Array(repeating: Int32(0), count: count)
        for table in blockTables {
            for block in table { expected[Int(block)] += 1 }
        }
        precondition(expected == references, "references differ from the block tables")
        let idle = evictionList.pages
        precondition(Set(free).count == free.count && Set(idle).count == idle.count)
        precondition(free.count + idle.count + usedCount == count)
        for block in free {
            precondition(references[Int(block)] == 0 && keys[Int(block)] == nil)
        }
        for block in idle {
            precondition(references[Int(block)] == 0 && keys[Int(block)] != nil)
        }
        precondition(references.count { $0 > 0 } == usedCount)
        precondition(entries.count == keys.count { $0 != nil })
        for (key, entry) in entries {
            precondition(keys[Int(entry.block)] == key)
        }
        precondition(reservedCount >= 0 && reservedCount <= free.count + idle.count)
    }
}
