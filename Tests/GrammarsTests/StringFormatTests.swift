import TestSupport
import Testing

@testable import Grammars

/// Laws of the formats of strings.
@Suite struct StringFormatTests {
    private static let label = String(repeating: "a", count: 63)

    @Test(arguments: [
        (
            StringFormat.date,
            ["2024-02-29", "2000-02-29", "0000-02-29", "1999-12-31", "2023-04-30", "0001-01-01"],
            [
                "2023-02-29", "1900-02-29", "2100-02-29", "2023-04-31", "2023-13-01", "2023-00-10",
                "2023-01-00", "2023-01-32", "23-01-01", "2023-1-1", "2023-01-01T", " 2023-01-01",
                "2023-01-0١", "",
            ]
        ),
        (
            .time,
            [
                "00:00:00Z", "23:59:59Z", "12:30:45.123456789+05:30", "08:00:00-23:59",
                "23:59:60Z", "23:59:60.5+00:00",
            ],
            [
                "24:00:00Z", "12:60:00Z", "12:00:60Z", "22:59:60Z", "12:00:00", "12:00Z",
                "12:00:00+24:00", "12:00:00+05:60", "12:00:00.Z", "1:00:00Z", "12:00:00+0530",
            ]
        ),
        (
            .dateTime,
            ["2024-02-29T12:00:00Z", "1963-06-19T08:30:06.283185+00:20", "1998-12-31T23:59:60Z"],
            [
                "2023-02-29T12:00:00Z", "2024-01-01 12:00:00Z", "2024-01-01T12:00:00",
                "2024-01-01", "2024-01-01T25:00:00Z", "1998-12-31T23:58:60Z",
            ]
        ),
        (
            .duration,
            ["P4DT12H30M5S", "P1Y", "P1Y2M3D", "PT36H", "P2W", "PT0S", "P1M", "PT1M", "P0D"],
            [
                "P", "PT", "P1", "1Y", "P1D2H", "P2D1Y", "P1YT", "P1W2D", "P1Y2D", "PT1H2S", "p1y",
                "P-1D", "P0.5D",
            ]
        ),
        (
            .email,
            [
                "a@b", "joe.bloggs@example.com", "te~st+x@example.co.uk", "a.b.c@d-e.f",
                String(repeating: "x", count: 64) + "@example.org",
            ],
            [
                "a", "@b", "a@", "a@@b", ".a@b", "a.@b", "a..b@c", "a@-b", "a@b-", "a b@c",
                "a@b..c",
                "a@[1.2.3.4]", "\"a b\"@c", "é@b", String(repeating: "x", count: 65) + "@b.org",
            ]
        ),
        (
            .hostname,
            [
                "localhost", "www.example.com", "xn--4gbwdl.xn--wgbh1c", "1.2", "a-b", label,
                "\(label).a.b.c.d.e.f",
            ],
            [
                "", ".", "a.", ".a", "-a", "a-", "a..b", "a_b", "a b", "é.com", label + "a",
                "a.-b.c",
            ]
        ),
        (
            .ipv4, ["0.0.0.0", "192.168.1.255", "255.255.255.255", "87.10.0.1"],
            [
                "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04", "1.2.3.", "a.b.c.d",
                "1.2.3.4/24", "0x1.2.3.4",
            ]
        ),
        (
            .ipv6,
            [
                "::", "::1", "1::", "::ffff:192.168.0.1", "1:2:3:4:5:6:7:8", "1::8",
                "1:2:3:4:5:6:7::",
                "::2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "fe80::a", "1:2::1.2.3.4", "ABCD::ef01",
                "1:2:3:4::6:7:8",
            ],
            [
                "", ":", ":1", "1:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":::",
                "12345::",
                "::1.2.3", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::g", "1:2:3:4:5:6:7:8::",
                "::1.2.3.256", "fe80::1%eth0",
            ]
        ),
        (
            .uuid,
            ["2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"],
            [
                "2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638",
                "2eb8aa08-aa98-11ea-b4aa-73b441d1638g", "{2eb8aa08-aa98-11ea-b4aa-73b441d16380}",
            ]
        ),
    ])
    func `a format is what its standard says`(
        format: StringFormat, good: [String], bad: [String]
    ) throws {
        let automaton = try format.automaton()
        for text in good { #expect(automaton.accepts(text), "\(text)") }
        for text in bad { #expect(!automaton.accepts(text), "\(text)") }
    }

    @Test func `the longest host names and mailboxes keep to the limits of the standards`() throws {
        let limits = [(StringFormat.hostname, 253), (.email, 254)]
        for (format, limit) in limits {
            let automaton = try format.automaton()
            // Nothing loops, so that every text is as long as some way through all states.
            var longest = Array(repeating: 0, count: automaton.states.count)
            var changes = true
            for _ in automaton.states.indices where changes {
                changes = false
                for (number, state) in automaton.states.enumerated() {
                    for edge in state.edges where longest[edge.target] < longest[number] + 1 {
                        longest[edge.target] = longest[number] + 1
                        changes = true
                    }
                }
            }
            #expect(!changes)
            #expect(longest.allSatisfy { $0 <= limit })
        }
    }

    @Test func `the ends of months are those of the calendar, leap years too`() throws {
        let automaton = try StringFormat.date.automaton()
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
        for year in stride(from: 1896, through: 2104, by: 4).flatMap({ [$0, $0 + 1] }) {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            for month in 1...12 {
                for day in 27...32 {
                    let text = "\(year)-\(two(month))-\(two(day))"
                    #expect(automaton.accepts(text) == (day <= days[month - 1]), "\(text)")
                }
            }
        }
    }
}
