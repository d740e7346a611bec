import Accounts
import Foundation
import Testing

@Suite struct QuotaPeriodTests {
    @Test(
        "A period begins at a round time of UTC",
        arguments: [
            (QuotaPeriod.hour, 1_795_694_400.0), (.day, 1_795_651_200), (.month, 1_793_491_200),
        ])
    func start(period: QuotaPeriod, expected: Double) {
        // 2026-11-26 12:34:56 UTC
        let moment = Date(timeIntervalSince1970: 1_795_696_496)
        #expect(period.start(of: moment) == Date(timeIntervalSince1970: expected))
    }

    @Test(
        "A period ends where the next one begins, whatever a month's length",
        arguments: QuotaPeriod.allCases)
    func end(period: QuotaPeriod) {
        var moment = Date(timeIntervalSince1970: 1_767_225_600)
        for _ in 0..<400 {
            let end = period.end(of: moment)
            #expect(end > moment && period.start(of: end) == end)
            #expect(period.start(of: end.addingTimeInterval(-1)) == period.start(of: moment))
            moment += 86_399
        }
    }
}
