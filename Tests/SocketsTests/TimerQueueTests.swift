import TestSupport
import Testing

@testable import Sockets

@Suite struct TimerQueueTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `entries come out in the order of their moments, pruned ones never`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let start = ContinuousClock.now
        var queue = TimerQueue<Int>()
        var expected: [(moment: Int, element: Int)] = []
        for element in 0..<200 {
            let moment = Int.random(in: 0..<100, using: &generator)
            queue.insert(element, at: start + .milliseconds(moment))
            expected.append((moment, element))
        }
        if seed.isMultiple(of: 2) {
            queue.prune { !$0.isMultiple(of: 3) }
            expected.removeAll { $0.element.isMultiple(of: 3) }
        }
        #expect(queue.count == expected.count)
        for moment in stride(from: 0, to: 100, by: 7) {
            var popped: [Int] = []
            while let element = queue.popDue(start + .milliseconds(moment)) {
                popped.append(element)
            }
            let due = expected.filter { $0.moment <= moment }.map(\.element)
            #expect(popped.sorted() == due.sorted())
            expected.removeAll { $0.moment <= moment }
            #expect(queue.next == expected.map { start + .milliseconds($0.moment) }.min())
        }
    }
}
