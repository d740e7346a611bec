import Foundation
import Testing

@testable import Evaluation

@Suite struct PendingExchangeTests {
    @Test(.timeLimit(.minutes(2))) func manyThatFailAndAreCancelledAllEnd() async throws {
        // Nothing listens on port 1: every try fails at once, just as the others are cancelled.
        let url = try #require(URL(string: "http://127.0.0.1:1"))
        for round in 0..<30 {
            let source = ServerSource(url: url, model: "m", key: nil, firstPause: .zero)
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<16 {
                    group.addTask {
                        let response = try? await source.respond(
                            to: "q", member: "m", settings: EvaluationSettings(),
                            seed: UInt64(index))
                        return response?.finish == .cancelled || response == nil
                    }
                }
                if round % 2 == 0 { _ = await group.next() }
                group.cancelAll()
                return await group.reduce(into: [true]) { $0.append($1) }
            }
            #expect(outcomes.allSatisfy { $0 })
        }
    }
}
