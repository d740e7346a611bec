/// A day of the Gregorian calendar, carried on into the past.
///
/// Years are counted from March, so that the leap day is the last of a year, in eras of 400 years,
/// which all have 146,097 days.
public struct CivilDate: Sendable, Hashable {
    /// The year.
    public var year: Int
    /// From 1, January.
    public var month: Int
    /// From 1.
    public var day: Int

    private static let daysPerEra = 146_097
    /// Days from the first of March of the year 0 to the first of January 1970.
    private static let epoch = 719_468

    /// The day of a month; of one that the month has not, `daysSince1970` counts on.
    public init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day that is so many after the first of January 1970, or before it.
    ///
    /// - Parameter days: How many.
    public init(daysSince1970 days: Int) {
        let (era, dayOfEra) = (days + Self.epoch).dividedRoundingDown(by: Self.daysPerEra)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        month = march < 10 ? march + 3 : march - 9
        day = dayOfYear - (153 * march + 2) / 5 + 1
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days after the first of January 1970; below 0 before it.
    public var daysSince1970: Int {
        let (era, yearOfEra) = (month <= 2 ? year - 1 : year).dividedRoundingDown(by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * Self.daysPerEra + dayOfEra - Self.epoch
    }
}

extension Int {
    /// Division that rounds down, so that moments before 1970 work too; the remainder is not below
    /// 0.
    ///
    /// - Parameter divisor: Above 0.
    /// - Returns: Quotient and remainder.
    public func dividedRoundingDown(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
