import TestSupport
import Testing

@testable import Decoding

@Suite struct BlockPoolTests {
    @Test("thousands of random operations keep every page in one state", arguments: UInt64(0)..<8)
    func randomOperations(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var pool = BlockPool(count: Int.random(in: 1...24, using: &generator))
        var tables: [(blocks: [Int32], reserved: Int, serial: UInt64)] = []
        for _ in 0..<1500 {
            switch Int.random(in: 0..<5, using: &generator) {
            case 0:
                let wanted = Int.random(in: 1...8, using: &generator)
                guard pool.canAdmit(hits: [], further: wanted) else { continue }
                pool.reserve(wanted)
                tables.append(([], wanted, PrefixKey.root))
            case 1, 2:
                guard let index = tables.indices.randomElement(using: &generator),
                    tables[index].reserved > 0
                else { continue }
                let key = PrefixKey(
                    member: 0, parent: tables[index].serial,
                    tokens: [.random(in: 0..<3, using: &generator)])
                if Bool.random(using: &generator), let hit = pool.find(key) {
                    pool.cancelReservation(1)
                    pool.share(hit.block)
                    tables[index].blocks.append(hit.block)
                    tables[index].serial = hit.serial
                } else {
                    let block = pool.take()
                    tables[index].blocks.append(block)
                    tables[index].serial = pool.publish(block, as: key)
                    let found = pool.find(key)
                    #expect(found?.serial == tables[index].serial)
                }
                tables[index].reserved -= 1
            default:
                guard Int.random(in: 0..<3, using: &generator) == 0,
                    let index = tables.indices.randomElement(using: &generator)
                else { continue }
                let table = tables.remove(at: index)
                pool.release(table.blocks)
                pool.cancelReservation(table.reserved)
            }
            pool.checkInvariants(blockTables: tables.map(\.blocks))
            #expect(pool.freeCount + pool.idleCount + pool.usedCount == pool.count)
        }
        for table in tables {
            pool.release(table.blocks)
            pool.cancelReservation(table.reserved)
        }
        pool.checkInvariants(blockTables: [])
        #expect(pool.usedCount == 0 && pool.availableCount == pool.count)
    }

    @Test("a reservation is refused when only promised pages are left")
    func reservations() {
        var pool = BlockPool(count: 4)
        let fits1 = pool.canAdmit(hits: [], further: 4)
        #expect(fits1)
        pool.reserve(3)
        let fits2 = pool.canAdmit(hits: [], further: 2)
        #expect(!fits2)
        let fits3 = pool.canAdmit(hits: [], further: 1)
        #expect(fits3)
        _ = pool.take()
        #expect(pool.availableCount == 1)
        let fits4 = pool.canAdmit(hits: [], further: 2)
        #expect(!fits4)
    }

    @Test("an idle page that is shared stops counting as available")
    func idleHits() {
        var pool = BlockPool(count: 2)
        pool.reserve(1)
        let block = pool.take()
        _ = pool.publish(block, as: PrefixKey(member: 0, parent: PrefixKey.root, tokens: [1]))
        pool.release([block])
        #expect(pool.idleCount == 1 && pool.availableCount == 2)
        let fits5 = pool.canAdmit(hits: [block], further: 1)
        #expect(fits5)
        let fits6 = pool.canAdmit(hits: [block], further: 2)
        #expect(!fits6)
        pool.checkInvariants(blockTables: [])
    }

    @Test("an evicted prefix is not found, nor anything that followed it")
    func evictedPrefix() {
        var pool = BlockPool(count: 1)
        pool.reserve(1)
        let key = PrefixKey(member: 0, parent: PrefixKey.root, tokens: [1])
        let first = pool.take()
        let serial = pool.publish(first, as: key)
        pool.release([first])
        pool.reserve(1)
        let second = pool.take()
        let found = pool.find(key)
        #expect(second == first && found == nil)
        // The same tokens computed anew are a new prefix.
        let anew = pool.publish(second, as: key)
        #expect(anew != serial)
    }
}
