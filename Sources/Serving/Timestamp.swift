import Glibc

/// Instants as RFC 3339 writes them, in UTC.
enum Timestamp {
    /// This instant, to the microsecond.
    static var now: String {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let fraction = String(time.tv_nsec / 1000 + 1_000_000).dropFirst()
        return text(secondsSince1970: time.tv_sec, fraction: "." + fraction)
    }

    /// An instant, to the second.
    static func text(secondsSince1970 seconds: Int, fraction: String = "") -> String {
        let day = Int((Double(seconds) / 86400).rounded(.down))
        let second = seconds - day * 86400
        let (year, month, dayOfMonth) = date(daysSince1970: day)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(two(month))-\(two(dayOfMonth))T\(two(second / 3600)):"
            + "\(two(second / 60 % 60)):\(two(second % 60))\(fraction)Z"
    }

    /// The civil date of a day; years begin in March here, so that the leap day is a year's last.
    private static func date(daysSince1970 day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            year + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }
}
