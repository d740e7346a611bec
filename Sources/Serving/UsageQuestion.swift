import Accounts
import HTTP

/// What of the usage is asked for: periods up to now, or a range that the caller names.
///
///     ?period=day                          the last 31 days by day; hour is two days, month twelve
///     ?from=2026-11-01&to=2026-12-01       all of November in one sum
///     ?from=2026-11-26T08:00:00Z&bucket=hour    from eight o'clock until now, by hour
struct UsageQuestion: Equatable {
    /// The hours that are asked for, counted since 1970.
    var hours: Range<Int>
    /// What is summed up; nil sums up all of the hours.
    var bucket: QuotaPeriod?
    /// Whether the caller named the range.
    var isRange: Bool

    private static let names: Set = ["period", "from", "to", "bucket"]
    private static let hoursKept = UsageLedger.daysKept * 24
    /// Days that are told by the hour at most; rows are one for each account and model.
    private static let daysByHour = 31
    private static let instant =
        "a date or an instant of RFC 3339 on a whole hour, such as 2026-11-26 or "
        + "2026-11-26T14:00:00Z"

    /// Reads a query.
    ///
    /// - Parameters:
    ///   - query: The query.
    ///   - now: Seconds since 1970.
    /// - Throws: `ServingError` that names the parameter, what was found and what would be right.
    init(_ query: HTTPQuery, now: Int) throws(ServingError) {
        for name in query.pairs.map(\.name) {
            guard Self.names.contains(name) else {
                throw .unsupported(
                    path: String(name.prefix(64)),
                    reason: "expected 'period', or 'from' with or without 'to' and 'bucket'")
            }
            let count = query.values(name).count
            guard count == 1 else {
                throw .invalidValue(path: name, expected: "given once", found: "it \(count) times")
            }
        }
        let thisHour = now.dividedRoundingDown(by: 3600).quotient
        guard let from = try Self.hour("from", query) else {
            if query["to"] != nil || query["bucket"] != nil { throw .missing(path: "from") }
            let period = try Self.period("period", query) ?? .day
            hours = Self.firstHour(of: period, before: now)..<Int.max
            (bucket, isRange) = (period, false)
            return
        }
        if let period = query["period"] {
            throw .invalidValue(
                path: "period", expected: "absent beside 'from'", found: Self.quoted(period))
        }
        let to = try Self.hour("to", query) ?? thisHour + 1
        let oldest = thisHour + 1 - Self.hoursKept
        guard from >= oldest else {
            throw .invalidValue(
                path: "from",
                expected: "\(Self.text(oldest)) or later, for usage is kept for "
                    + "\(UsageLedger.daysKept) days", found: Self.text(from))
        }
        guard to > from else {
            let isGiven = query["to"] != nil
            throw .invalidValue(
                path: isGiven ? "to" : "from",
                expected: isGiven ? "later than 'from', \(Self.text(from))" : "not in the future",
                found: Self.text(isGiven ? to : from))
        }
        guard to - from <= Self.hoursKept else {
            throw .invalidValue(
                path: "to", expected: "at most \(UsageLedger.daysKept) days after 'from'",
                found: Self.text(to))
        }
        bucket = try Self.period("bucket", query)
        if bucket == .hour, to - from > Self.daysByHour * 24 {
            throw .invalidValue(
                path: "bucket", expected: "day or month for more than \(Self.daysByHour) days",
                found: "'hour' for \((to - from) / 24) days")
        }
        (hours, isRange) = (from..<to, true)
    }

    /// An hour as RFC 3339 writes it.
    static func text(_ hour: Int) -> String { Timestamp.text(secondsSince1970: hour * 3600) }

    private static func quoted(_ text: String) -> String { "'\(text.prefix(64))'" }

    private static func hour(
        _ name: String, _ query: HTTPQuery
    ) throws(ServingError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let seconds = Timestamp.secondsSince1970(reading: text),
            case let (hour, rest) = seconds.dividedRoundingDown(by: 3600), rest == 0
        else { throw .invalidValue(path: name, expected: instant, found: quoted(text)) }
        return hour
    }

    private static func period(
        _ name: String, _ query: HTTPQuery
    ) throws(ServingError) -> QuotaPeriod? {
        guard let text = query[name] else { return nil }
        guard let period = QuotaPeriod(rawValue: text) else {
            throw .invalidValue(path: name, expected: "hour, day or month", found: quoted(text))
        }
        return period
    }

    /// The first hour of the periods that are told where no range is named.
    private static func firstHour(of period: QuotaPeriod, before now: Int) -> Int {
        let days =
            switch period {
            case .hour: 2
            case .day: 31
            case .month: 365
            }
        return period.firstHour(ofHour: now.dividedRoundingDown(by: 3600).quotient - days * 24)
    }
}

extension QuotaPeriod {
    /// The first hour of the period that an hour lies in, both counted since 1970.
    func firstHour(ofHour hour: Int) -> Int {
        let (days, _) = hour.dividedRoundingDown(by: 24)
        switch self {
        case .hour: return hour
        case .day: return days * 24
        case .month: return (days + 1 - CivilDate(daysSince1970: days).day) * 24
        }
    }
}
