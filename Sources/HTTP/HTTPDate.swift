import Glibc
import Synchronization

/// The `Date` line, written anew once a second (RFC 9110, section 5.6.7).
final class HTTPDate: Sendable {
    private let cache = Mutex<(second: Int, line: [UInt8])>((second: .min, line: []))

    /// `Date: …` with its line end, for now.
    var line: [UInt8] {
        let now = time(nil)
        return cache.withLock { cache in
            if cache.second != now {
                cache = (now, Array("Date: \(Self.text(now))\r\n".utf8))
            }
            return cache.line
        }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` for seconds since 1970.
    static func text(_ seconds: Int) -> String {
        let (day, second) = seconds.quotientAndRemainderFloored(by: 86400)
        // Civil from days, with years that begin in March so that the leap day comes last.
        let (era, dayOfEra) = (day + 719_468).quotientAndRemainderFloored(by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 2 : march - 10
        let year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)
        let weekday = (day + 4).quotientAndRemainderFloored(by: 7).remainder
        let dayOfMonth = dayOfYear - (153 * march + 2) / 5 + 1
        return """
            \(weekdays[weekday]), \(padded(dayOfMonth)) \(months[month]) \(year) \
            \(padded(second / 3600)):\(padded(second / 60 % 60)):\(padded(second % 60)) GMT
            """
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func padded(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

extension Int {
    /// Division that rounds down, so that moments before 1970 work too.
    fileprivate func quotientAndRemainderFloored(
        by divisor: Int
    ) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
