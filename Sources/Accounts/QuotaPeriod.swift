public import Foundation

/// How long a quota lasts before it is whole again; periods begin at round times of UTC.
public enum QuotaPeriod: String, Sendable, CaseIterable {
    case hour, day, month

    private static let calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    /// When the period that holds a moment began.
    ///
    /// - Parameter moment: Any time.
    /// - Returns: The first second of its hour, day or month, in UTC.
    public func start(of moment: Date) -> Date {
        let components: Set<Calendar.Component> =
            switch self {
            case .hour: [.year, .month, .day, .hour]
            case .day: [.year, .month, .day]
            case .month: [.year, .month]
            }
        let calendar = Self.calendar
        return calendar.date(from: calendar.dateComponents(components, from: moment)) ?? moment
    }

    /// When the period that holds a moment ends and the next one begins.
    ///
    /// - Parameter moment: Any time.
    /// - Returns: The first second of the hour, day or month after it, in UTC.
    public func end(of moment: Date) -> Date {
        // Longer than any such period, and shorter than two.
        let beyond: TimeInterval =
            switch self {
            case .hour: 3600
            case .day: 86400
            case .month: 31 * 86400
            }
        return start(of: start(of: moment).addingTimeInterval(beyond))
    }
}
