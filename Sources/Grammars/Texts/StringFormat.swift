import Synchronization

/// The formats of strings that JSON Schema names and that are kept to here.
///
/// A text that is allowed is of the format in every reader's eyes. Of what the standards allow
/// besides, some is left out: lower-case `t` and `z`, digits without bound, quoted mailboxes,
/// addresses in brackets. The lengths of host names and mailboxes hold because their labels are
/// counted: a first one of up to 63 characters, and up to six (mailboxes: four) of up to 30.
public enum StringFormat: String, Sendable, CaseIterable {
    /// RFC 3339, section 5.6: a date and a time of day with its offset.
    case dateTime = "date-time"
    /// RFC 3339, section 5.6: a time of day with its offset.
    case time
    /// RFC 3339, section 5.6: a day that the calendar has.
    case date
    /// RFC 3339, appendix A.
    case duration
    /// RFC 5321, section 4.1.2: a mailbox whose local part is no quoted string.
    case email
    /// RFC 1123, section 2.1.
    case hostname
    /// RFC 2673, section 3.2: four decimal numbers.
    case ipv4
    /// RFC 4291, section 2.2.
    case ipv6
    /// RFC 9562, section 4.
    case uuid

    private static let made = Mutex<[StringFormat: TextAutomaton]>([:])

    /// The texts of this format; made once, and then shared.
    public func automaton() throws(TextAutomaton.Failure) -> TextAutomaton {
        if let known = Self.made.withLock({ $0[self] }) { return known }
        var allowance = TextAutomaton.Allowance()
        var automaton = try TextAutomaton(pattern: "^(?:\(pattern))$", paidBy: &allowance)
        if self == .email {
            let bound = try TextAutomaton(pattern: "^[^@]{1,64}@", paidBy: &allowance)
            automaton = try automaton.intersection(bound, paidBy: &allowance)
        }
        let whole = automaton
        Self.made.withLock { $0[self] = whole }
        return whole
    }

    private var pattern: String {
        switch self {
        case .dateTime: "(?:\(Self.day))T(?:\(Self.clock))"
        case .time: Self.clock
        case .date: Self.day
        case .duration: Self.span
        case .email:
            #"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@"# + Self.host(more: 4)
        case .hostname: Self.host(more: 6)
        case .ipv4: Self.quad
        case .ipv6: Self.groups
        case .uuid: "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
        }
    }

    /// A day of the Gregorian calendar, years from 0000.
    private static let day = [
        #"\d{4}-(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"#,
        #"\d{4}-(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"#,
        #"\d{4}-02-(?:0[1-9]|1\d|2[0-8])"#,
        // Years that 4 divides, of those that 100 divides only if 400 does.
        #"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"#,
    ].joined(separator: "|")

    /// A time of day; second 60 only where leap seconds are put in, at the end of a day of UTC.
    private static let clock = [
        #"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"#,
        #"23:59:60(?:\.\d{1,9})?(?:Z|[+-]00:00)"#,
    ].joined(separator: "|")

    /// Units in their order, none between two left out, or weeks alone.
    private static let span: String = {
        let number = #"\d{1,9}"#
        let time = [
            "\(number)H(?:\(number)M(?:\(number)S)?)?", "\(number)M(?:\(number)S)?", "\(number)S",
        ].joined(separator: "|")
        let date = [
            "\(number)Y(?:\(number)M(?:\(number)D)?)?", "\(number)M(?:\(number)D)?", "\(number)D",
        ].joined(separator: "|")
        return "P(?:\(number)W|(?:\(date))(?:T(?:\(time)))?|T(?:\(time)))"
    }()

    private static func host(more: Int) -> String {
        func label(_ inner: Int) -> String {
            "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,\(inner)}[a-zA-Z0-9])?"
        }
        return #"\#(label(61))(?:\.\#(label(28))){0,\#(more)}"#
    }

    private static let quad: String = {
        let byte = #"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"#
        return #"\#(byte)(?:\.\#(byte)){3}"#
    }()

    /// Eight groups, the last two perhaps as four bytes, a run of zero groups perhaps left out.
    private static let groups: String = {
        let group = "[0-9a-fA-F]{1,4}"
        var ways = ["(?:\(group):){7}\(group)", "(?:\(group):){6}\(quad)"]
        for before in 0...7 {
            let head = before == 0 ? "" : "\(group)(?::\(group)){\(before - 1)}"
            var tails: [String] = []
            if before < 7 { tails.append("(?:\(group):){0,\(6 - before)}\(group)") }
            if before < 6 { tails.append("(?:\(group):){0,\(5 - before)}\(quad)") }
            let tail = tails.isEmpty ? "" : "(?:\(tails.joined(separator: "|")))?"
            ways.append("\(head)::\(tail)")
        }
        return ways.joined(separator: "|")
    }()
}
