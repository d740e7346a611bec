import Testing

@testable import Inference

@Suite struct AlphaScaleTests {
    /// Members by number; the base lies nowhere.
    private let scale = AlphaScale([0.1, nil, 0, 0.4, 0.125])

    @Test(arguments: [(0.1, 0), (0, 2), (0.4, 3), (0.1 + 1e-12, 0), (0.125, 4)])
    func `a member's own alpha is that member`(alpha: Double, member: Int) {
        #expect(scale.place(of: alpha) == .member(member))
    }

    @Test func `between two members lies a share of each`() {
        #expect(
            scale.place(of: 0.05)
                == .between(AlphaScale.Gap(lower: 2, upper: 0, share: 0.5, step: 5)))
        guard case .between(let gap) = scale.place(of: 0.213) else {
            Issue.record("0.213 lies between two members")
            return
        }
        #expect(gap.lower == 4 && gap.upper == 3 && gap.alpha == 0.21)
        #expect(gap == scale.gap(atStep: 21))
    }

    @Test(arguments: [-0.01, 0.41, 1, .infinity, .nan])
    func `beyond the members lies nothing`(alpha: Double) {
        #expect(scale.place(of: alpha) == nil)
    }

    @Test func `rounding meets members and stays within them`() {
        #expect(scale.place(of: 0.1004) == .member(0))
        let narrow = AlphaScale([0.004, 0.128])
        #expect(narrow.place(of: 0.0041) == .member(0))
        #expect(narrow.place(of: 0.1279) == .member(1))
    }

    @Test func `every place between has a number of its own`() {
        for alpha in stride(from: 0, through: 0.4, by: 0.001) {
            guard case .between(let gap) = scale.place(of: alpha) else { continue }
            #expect((0..<scale.stepCount).contains(gap.step))
            #expect((0...1).contains(gap.share))
        }
    }

    @Test func `one member leaves nothing between`() {
        let single = AlphaScale([0.1, nil])
        #expect(single.place(of: 0.1) == .member(0))
        #expect(single.place(of: 0.2) == nil)
        #expect(AlphaScale([nil]).range == nil && AlphaScale([nil]).stepCount == 0)
    }

    @Test(arguments: [
        ("alpha_0.1", "alpha_0.15"), ("scale:1.5B_alpha:0.1", "scale:1.5B_alpha:0.15"),
        ("Alpha-0", "Alpha-0.15"), ("mild", "alpha_0.15"),
    ])
    func `a place between is named after its neighbour`(name: String, expected: String) {
        #expect(FamilyDirectory.name(name, withAlpha: 0.15) == expected)
    }
}
