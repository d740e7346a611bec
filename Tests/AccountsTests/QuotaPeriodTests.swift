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
}
