import HTTP

extension Timestamp {
    /// Seconds since 1970 of an instant as RFC 3339 writes it, or of a date, which is its first
    /// second in UTC.
    ///
    /// - Parameter text: Such as `2026-11-26T14:00:00+01:00` or `2026-11-26`.
    /// - Returns: The seconds; nil where it is neither, or not on a whole second.
    static func secondsSince1970(reading text: String) -> Int? {
        var rest = Substring(text).utf8
        guard let year = rest.takeNumber(4), rest.take("-"), let month = rest.takeNumber(2),
            rest.take("-"), let day = rest.takeNumber(2), (1...12).contains(month)
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        let days = date.daysSince1970
        guard CivilDate(daysSince1970: days) == date else { return nil }
        if rest.isEmpty { return days * 86400 }
        guard rest.take("T") || rest.take("t"), let time = rest.takeClock(), rest.take(":"),
            let second = rest.takeNumber(2), second < 60
        else { return nil }
        if rest.take(".") {
            guard rest.take("0") else { return nil }
            while rest.take("0") {}
        }
        guard let offset = rest.takeOffset(), rest.isEmpty else { return nil }
        return days * 86400 + time + second - offset
    }
}

extension Substring.UTF8View {
    fileprivate mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard first == UInt8(ascii: character) else { return false }
        removeFirst()
        return true
    }

    /// So many digits.
    fileprivate mutating func takeNumber(_ digits: Int) -> Int? {
        let taken = prefix(digits)
        guard taken.count == digits,
            taken.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        removeFirst(digits)
        return taken.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// The seconds of `hh:mm`.
    fileprivate mutating func takeClock() -> Int? {
        guard let hour = takeNumber(2), hour < 24, take(":"), let minute = takeNumber(2),
            minute < 60
        else { return nil }
        return hour * 3600 + minute * 60
    }

    /// The seconds that a zone is ahead of UTC.
    fileprivate mutating func takeOffset() -> Int? {
        if take("Z") || take("z") { return 0 }
        if take("-") { return takeClock().map { -$0 } }
        // In a query a plus that nobody escaped means a blank.
        guard take("+") || take(" ") else { return nil }
        return takeClock()
    }
}
