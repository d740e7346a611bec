import Accounts
import Foundation
import HTTP
import Testing

@testable import Serving

/// Laws of what `/v1/usage` is asked for.
@Suite struct UsageQuestionTests {
    /// 2026-11-26T12:34:56Z.
    private static let now = 1_795_696_496
    private static let thisHour = now / 3600

    private static func question(_ query: String) throws -> UsageQuestion {
        try UsageQuestion(HTTPQuery(parsing: query), now: now)
    }

    @Test(arguments: [
        ("2026-11-26", 1_795_651_200), ("2026-11-26T12:34:56Z", now),
        ("2026-11-26t12:34:56.000z", now), ("2026-11-26T13:34:56+01:00", now),
        ("2026-11-26T13:34:56 01:00", now), ("2026-11-26T07:04:56-05:30", now),
        ("1970-01-01", 0), ("1969-12-31T23:00:00Z", -3600), ("2024-02-29", 1_709_164_800),
    ])
    func `dates and instants are read as RFC 3339 means them`(text: String, seconds: Int) {
        #expect(Timestamp.secondsSince1970(reading: text) == seconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11", "2026-11-31", "2026-02-29", "2026-13-01", "2026-00-10",
        "2026-11-00", "26-11-26", "2026-11-26T", "2026-11-26T12", "2026-11-26T12:00Z",
        "2026-11-26T12:00:00", "2026-11-26T24:00:00Z", "2026-11-26T12:60:00Z",
        "2026-11-26T12:00:60Z", "2026-11-26T12:00:00.Z", "2026-11-26T12:00:00.5Z",
        "2026-11-26T12:00:00+1:00", "2026-11-26T12:00:00+24:00", "2026-11-26T12:00:00Zx",
        "2026-11-26 ", "+026-11-26", "２０２６-11-26", "1795696496", "now",
    ])
    func `anything else is no instant`(text: String) {
        #expect(Timestamp.secondsSince1970(reading: text) == nil)
    }

    @Test func `a range holds its first hour and not its last`() throws {
        let day = try Self.question("from=2026-11-25&to=2026-11-26")
        #expect(day.hours.count == 24 && day.bucket == nil && day.isRange)
        #expect(UsageQuestion.text(day.hours.lowerBound) == "2026-11-25T00:00:00Z")
        let open = try Self.question("from=2026-11-26T12:00:00Z&bucket=hour")
        #expect(open.hours == Self.thisHour..<Self.thisHour + 1 && open.bucket == .hour)
        let elsewhere = try Self.question("from=2026-11-26T05:30:00%2B05:30")
        #expect(elsewhere.hours.lowerBound == 1_795_651_200 / 3600)
        let all = try Self.question("from=2025-10-22T13:00:00Z&bucket=month")
        #expect(all.hours == Self.thisHour + 1 - 9600..<Self.thisHour + 1)
    }

    @Test func `without a range the newest periods are meant`() throws {
        for (query, period, days) in [
            ("", QuotaPeriod.day, 31.0), ("period=hour", .hour, 2), ("period=month", .month, 365),
        ] {
            let question = try Self.question(query)
            let first = period.start(
                of: Date(timeIntervalSince1970: Double(Self.now) - days * 86400))
            #expect(question.hours.lowerBound * 3600 == Int(first.timeIntervalSince1970))
            #expect(question.bucket == period && !question.isRange)
        }
    }

    @Test(arguments: QuotaPeriod.allCases)
    func `hours belong to the period that the calendar says`(period: QuotaPeriod) {
        for hour in stride(from: -20_000, to: 600_000, by: 1_237) {
            let start = period.start(of: Date(timeIntervalSince1970: Double(hour) * 3600))
            #expect(period.firstHour(ofHour: hour) * 3600 == Int(start.timeIntervalSince1970))
        }
    }

    @Test(arguments: [
        ("period=week", "period", "must be hour, day or month, found 'week'"),
        ("period=day&period=day", "period", "must be given once, found it 2 times"),
        ("from=2026-11-25&from=2026-11-24", "from", "must be given once, found it 2 times"),
        ("form=2026-11-25", "form", "is not supported: expected 'period', or 'from' with or"),
        ("from=2026-11-25&period=day", "period", "must be absent beside 'from', found 'day'"),
        ("to=2026-11-25", "from", "is missing"), ("bucket=day", "from", "is missing"),
        ("from=yesterday", "from", "must be a date or an instant of RFC 3339 on a whole hour"),
        ("from=", "from", "found ''"),
        ("from=2026-11-25T10:30:00Z", "from", "on a whole hour, such as 2026-11-26 or"),
        ("from=2026-11-25&to=25.11.2026", "to", "found '25.11.2026'"),
        (
            "from=2026-11-25&to=2026-11-25", "to",
            "must be later than 'from', 2026-11-25T00:00:00Z, found 2026-11-25T00:00:00Z"
        ),
        ("from=2026-11-25&to=2026-11-24", "to", "must be later than 'from'"),
        ("from=2026-11-27", "from", "must be not in the future, found 2026-11-27T00:00:00Z"),
        (
            "from=2025-10-22T12:00:00Z", "from",
            "must be 2025-10-22T13:00:00Z or later, for usage is kept for 400 days, found "
                + "2025-10-22T12:00:00Z"
        ),
        ("from=2026-11-25&to=2028-11-25", "to", "must be at most 400 days after 'from'"),
        ("from=2026-11-25&bucket=week", "bucket", "must be hour, day or month, found 'week'"),
        (
            "from=2026-10-01&bucket=hour", "bucket",
            "must be day or month for more than 31 days, found 'hour' for 56 days"
        ),
    ])
    func `what cannot be answered is refused by its name, with what would be right`(
        query: String, parameter: String, words: String
    ) {
        let error = #expect(throws: ServingError.self) { try Self.question(query) }
        guard let error else { return }
        let body = ErrorBody(error)
        #expect(body.status == .badRequest && body.param == parameter)
        #expect(body.message.hasPrefix("'\(parameter)' ") && body.message.contains(words))
    }
}
