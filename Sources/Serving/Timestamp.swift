import Glibc
import HTTP

/// Instants as RFC 3339 writes them, in UTC.
public enum Timestamp {
    /// This instant, to the microsecond.
    public static var now: String {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let fraction = String(time.tv_nsec / 1000 + 1_000_000).dropFirst()
        return text(secondsSince1970: time.tv_sec, fraction: "." + fraction)
    }

    /// An instant, to the second.
    static func text(secondsSince1970 seconds: Int, fraction: String = "") -> String {
        let (days, second) = seconds.dividedRoundingDown(by: 86400)
        let date = CivilDate(daysSince1970: days)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(date.year)-\(two(date.month))-\(two(date.day))T\(two(second / 3600)):"
            + "\(two(second / 60 % 60)):\(two(second % 60))\(fraction)Z"
    }
}
