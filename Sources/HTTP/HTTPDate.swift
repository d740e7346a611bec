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
        let (days, second) = seconds.dividedRoundingDown(by: 86400)
        let date = CivilDate(daysSince1970: days)
        let weekday = (days + 4).dividedRoundingDown(by: 7).remainder
        return """
            \(weekdays[weekday]), \(padded(date.day)) \(months[date.month - 1]) \(date.year) \
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
