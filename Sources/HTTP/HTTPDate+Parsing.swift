import Glibc

extension HTTPDate {
    /// Seconds since 1970 for a date in one of the three forms of RFC 9110, section 5.6.7.
    ///
    /// The weekday is not looked at; two digits of a year mean the past fifty years or the coming.
    ///
    /// - Parameters:
    ///   - text: The field's value.
    ///   - present: The present year, by which two digits are understood.
    /// - Returns: The seconds, or nil where it is no date.
    static func seconds(
        _ text: String, presentYear present: Int = 1970 + time(nil) / 31_556_952
    ) -> Int? {
        // `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`,
        // `Sun Nov  6 08:49:37 1994`
        let parts = text.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") }
            .map { String(decoding: $0, as: UTF8.self) }
        switch parts.count {
        case 6 where parts[0].hasSuffix(",") && parts[5] == "GMT":
            guard var year = number(parts[3], digits: 2...4), parts[3].utf8.count != 3 else {
                return nil
            }
            if parts[3].utf8.count == 2 {
                year += present / 100 * 100
                if year > present + 50 { year -= 100 }
            }
            return seconds(day: parts[1], month: parts[2], year: year, clock: parts[4])
        case 5:
            guard let year = number(parts[4], digits: 4...4) else { return nil }
            return seconds(day: parts[2], month: parts[1], year: year, clock: parts[3])
        default:
            return nil
        }
    }

    private static func seconds(day: String, month: String, year: Int, clock: String) -> Int? {
        let times = clock.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { number(String(decoding: $0, as: UTF8.self), digits: 2...2) }
        guard let month = months.firstIndex(of: month), let day = number(day, digits: 1...2),
            (1...31).contains(day), times.count == 3, let hour = times[0], let minute = times[1],
            let second = times[2], hour < 24, minute < 60, second <= 60
        else { return nil }
        let date = CivilDate(year: year, month: month + 1, day: day)
        return date.daysSince1970 * 86400 + hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: String, digits: ClosedRange<Int>) -> Int? {
        guard digits.contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }
}
