import Glibc

/// A moment on the calendar, as `strftime_now` shows it.
public struct TemplateTime: Sendable, Equatable {
    /// The year.
    public var year: Int
    /// The month, from 1.
    public var month: Int
    /// The day of the month, from 1.
    public var day: Int
    /// The hour, 0 to 23.
    public var hour: Int
    /// The minute.
    public var minute: Int
    /// The second.
    public var second: Int
    /// The microsecond.
    public var microsecond: Int

    /// A moment, which must be one that the calendar has.
    public init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
        microsecond: Int = 0
    ) {
        precondition((1...9999).contains(year), "year \(year)")
        precondition((1...12).contains(month), "month \(month)")
        precondition((1...31).contains(day), "day \(day)")
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
    }

    /// The local time of this moment.
    public static func now() -> TemplateTime {
        var now = timespec()
        var parts = unsafe tm()
        // Both calls only write to the variables they are given
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        unsafe localtime_r(&now.tv_sec, &parts)
        return unsafe TemplateTime(
            year: min(max(Int(parts.tm_year) + 1900, 1), 9999), month: Int(parts.tm_mon) + 1,
            day: max(Int(parts.tm_mday), 1), hour: Int(parts.tm_hour), minute: Int(parts.tm_min),
            second: Int(parts.tm_sec), microsecond: Int(now.tv_nsec / 1000))
    }

    private static let monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    private static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    private static let dayNames = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    /// The day of the year, from 1.
    private var dayOfYear: Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = Self.monthLengths.prefix(month - 1).reduce(0, +)
        return days + day + (isLeap && month > 2 ? 1 : 0)
    }

    /// The day of the week, Sunday being 0.
    private var weekday: Int {
        let before = year - 1
        return (before * 365 + before / 4 - before / 100 + before / 400 + dayOfYear) % 7
    }

    /// The ISO 8601 week and the year it belongs to.
    private var isoWeek: (year: Int, week: Int) {
        let day = (weekday + 6) % 7
        let week = (dayOfYear - 1 - day + 10) / 7
        func weeks(_ year: Int) -> Int {
            func shift(_ year: Int) -> Int { (year + year / 4 - year / 100 + year / 400) % 7 }
            return shift(year) == 4 || shift(year - 1) == 3 ? 53 : 52
        }
        if week < 1 { return (year - 1, weeks(year - 1)) }
        return week > weeks(year) ? (year + 1, 1) : (year, week)
    }

    /// The moment in a format of `strftime` in the C locale; unknown directives stay as they are.
    func formatted(_ format: String) -> String {
        var result = ""
        var scalars = format.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            guard var directive = scalars.next() else {
                result += "%"
                break
            }
            var flag: Unicode.Scalar?
            if "-_0^#".unicodeScalars.contains(directive), let next = scalars.next() {
                flag = directive
                directive = next
            }
            result += text(directive, flag: flag)
        }
        return result
    }

    private func text(_ directive: Unicode.Scalar, flag: Unicode.Scalar?) -> String {
        func number(_ value: Int, _ width: Int, _ pad: Character = "0") -> String {
            let digits = String(value)
            if flag == "-" { return digits }
            let pad = flag == "_" ? " " : flag == "0" ? "0" : pad
            return String(repeating: pad, count: max(0, width - digits.count)) + digits
        }
        func word(_ text: String) -> String { flag == "^" ? text.uppercased() : text }
        let hour12 = (hour + 11) % 12 + 1
        switch directive {
        case "Y": return flag == "_" || flag == "0" ? number(year, 4) : String(year)
        case "C": return number(year / 100, 2)
        case "y": return number(year % 100, 2)
        case "m": return number(month, 2)
        case "d": return number(day, 2)
        case "e": return number(day, 2, " ")
        case "H": return number(hour, 2)
        case "I": return number(hour12, 2)
        case "k": return number(hour, 2, " ")
        case "l": return number(hour12, 2, " ")
        case "M": return number(minute, 2)
        case "S": return number(second, 2)
        case "f": return number(microsecond, 6)
        case "j": return number(dayOfYear, 3)
        case "p": return flag == "#" ? (hour < 12 ? "am" : "pm") : (hour < 12 ? "AM" : "PM")
        case "P": return hour < 12 ? "am" : "pm"
        case "B": return word(Self.monthNames[month - 1])
        case "b", "h": return word(String(Self.monthNames[month - 1].prefix(3)))
        case "A": return word(Self.dayNames[weekday])
        case "a": return word(String(Self.dayNames[weekday].prefix(3)))
        case "w": return number(weekday, 1)
        case "u": return number((weekday + 6) % 7 + 1, 1)
        case "U": return number((dayOfYear + 6 - weekday) / 7, 2)
        case "W": return number((dayOfYear + 6 - (weekday + 6) % 7) / 7, 2)
        case "V": return number(isoWeek.week, 2)
        case "G": return String(isoWeek.year)
        case "g": return number(isoWeek.year % 100, 2)
        case "D", "x": return formatted("%m/%d/%y")
        case "F": return formatted("%Y-%m-%d")
        case "T", "X": return formatted("%H:%M:%S")
        case "R": return formatted("%H:%M")
        case "r": return formatted("%I:%M:%S %p")
        case "c": return formatted("%a %b %e %H:%M:%S %Y")
        case "n": return "\n"
        case "t": return "\t"
        case "z", "Z": return ""
        case "%": return "%"
        default: return "%" + (flag.map(String.init) ?? "") + String(directive)
        }
    }
}
