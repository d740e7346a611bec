import Testing

@testable import Serving

/// W3C Trace Context, sections 3.2.2 and 3.2.4.
@Suite struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test(arguments: ["00-T-S-01", "00-T-S-00", "00-T-S-ff", "01-T-S-01", "cc-T-S-01-what follows"])
    func `what the recommendation allows is read`(field: String) throws {
        let parent = try #require(TraceParent(Self.filled(field)))
        #expect(parent.traceID == Self.trace && parent.parentID == Self.span)
    }

    @Test(arguments: [
        "", "00", "00-T-S", "00-T-S-", "00-T-S-1", "00-T-S-011", "00-T-S-01-more", "ff-T-S-01",
        "0-T-S-01", "000-T-S-01", "00-T-S-0G", "00-T-S-0A", "0A-T-S-01", "00_T-S-01", "00-T_S-01",
        "00-T-S_01", "00-00000000000000000000000000000000-S-01", "00-T-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-S-01", " 00-T-S-01", "00-T-S-01 ", "01-T-S-01more",
        "00-T-S-01, 00-T-S-01", "00-é92f3577b34da6a3ce929d0e0e473-S-01",
    ])
    func `what it does not is passed over`(field: String) {
        #expect(TraceParent(Self.filled(field)) == nil)
    }

    private static func filled(_ field: String) -> String {
        field.replacing("T", with: trace).replacing("S", with: span)
    }
}
