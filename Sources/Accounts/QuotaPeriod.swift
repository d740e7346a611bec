public import Foundation

/// How long a quota lasts before it is whole again; periods begin at round times of UTC.
public enum QuotaPeriod: String, Sendable, CaseIterable {
    case hour, day, month

    /// When the period that holds a moment began.
    ///
    /// - Parameter moment: Any time.
    /// - Returns: The first second of its hour, day or month, in UTC.
    public func start(of moment: Date) -> Date {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let components: Set<Calendar.Component> =
            switch self {
            case .hour: [.year, .month, .day, .hour]
            case .day: [.year, .month, .day]
            case .month: [.year, .month]
            }
        return calendar.date(from: calendar.dateComponents(components, from: moment)) ?? moment
    }
}
