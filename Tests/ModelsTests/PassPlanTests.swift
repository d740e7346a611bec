import TestSupport
import Testing

@testable import Models

@Suite struct PassPlanTests {
    @Test func `rows keep their order and wanted rows their places`() {
        let batch = ForwardBatch(items: [
            .init(tokens: [1, 2, 3], position: 5, blockTable: [0], logitRows: .last),
            .init(tokens: [4], position: 0, blockTable: [1], logitRows: .none),
            .init(tokens: [5, 6], position: 9, blockTable: [2], logitRows: .all),
            .init(tokens: [7, 8], position: 2, blockTable: [3], logitRows: .hidden),
        ])
        let plans = PassPlan.plans(for: batch, maximumRowCount: 100)
        #expect(
            plans == [
                PassPlan(
                    tokens: [1, 2, 3, 4, 5, 6, 7, 8], positions: [5, 6, 7, 0, 9, 10, 2, 3],
                    items: [
                        .init(item: 0, rows: 0..<3, position: 5),
                        .init(item: 1, rows: 3..<4, position: 0),
                        .init(item: 2, rows: 4..<6, position: 9),
                        .init(item: 3, rows: 6..<8, position: 2),
                    ],
                    wantedRows: [2, 4, 5, 7], hiddenPlaces: [3],
                    wantedItems: [
                        .init(item: 0, rows: 0..<1, position: 7),
                        .init(item: 2, rows: 1..<3, position: 9),
                        .init(item: 3, rows: 3..<4, position: 3),
                    ])
            ])
    }

    @Test func `cutting a batch loses, doubles and reorders nothing`() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            let items = (0..<Int.random(in: 0...6, using: &generator)).map { index in
                let count = Int.random(in: 1...20, using: &generator)
                let kinds: [ForwardBatch.LogitRows] = [.none, .last, .all, .hidden]
                return ForwardBatch.Item(
                    tokens: (0..<count).map { Int32(index * 100 + $0) },
                    position: Int.random(in: 0...50, using: &generator), blockTable: [],
                    logitRows: kinds[Int.random(in: 0..<4, using: &generator)])
            }
            let batch = ForwardBatch(items: items)
            let limit = Int.random(in: 1...25, using: &generator)
            let plans = PassPlan.plans(for: batch, maximumRowCount: limit)
            #expect(plans.allSatisfy { (1...limit).contains($0.tokens.count) })
            #expect(plans.dropLast().allSatisfy { $0.tokens.count == limit })
            #expect(plans.flatMap(\.tokens) == items.flatMap(\.tokens))
            #expect(
                plans.flatMap(\.positions)
                    == items.flatMap { $0.position..<$0.position + $0.tokens.count })
            let hiddenCount = plans.reduce(0) { $0 + $1.hiddenPlaces.count }
            #expect(hiddenCount == batch.hiddenCount)
            #expect(
                plans.reduce(0) { $0 + $1.wantedRows.count } == batch.logitRowCount + hiddenCount)
            for plan in plans {
                let wanted = plan.wantedItems.flatMap { span in
                    span.rows.map { span.position + $0 - span.rows.lowerBound }
                }
                #expect(wanted == plan.wantedRows.map { plan.positions[Int($0)] })
            }
        }
    }
}
