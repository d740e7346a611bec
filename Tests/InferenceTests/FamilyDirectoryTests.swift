import Testing

@testable import Inference

@Suite struct FamilyDirectoryTests {
    @Test(arguments: [
        ("alpha_0.1_step_100", 0.1), ("scale:1.5B_alpha:0.05", 0.05), ("alpha-0.4", 0.4),
        ("DeepSeek-R1-Distill-Qwen-1.5B-alpha-0.2", 0.2), ("Alpha=0", 0), ("alpha0.3", 0.3),
    ])
    func theAlphaIsReadFromAName(name: String, alpha: Double) {
        #expect(FamilyDirectory.alpha(inName: name) == alpha)
    }

    @Test(arguments: ["alphabet", "base", "alpha_x", "alpha_1.5", "", "0.1"])
    func otherNamesCarryNone(name: String) {
        #expect(FamilyDirectory.alpha(inName: name) == nil)
    }

    @Test func aFolderThatIsMissingIsNamed() {
        #expect(throws: ModelLoadingError.self) {
            try FamilyDirectory(path: "/nonexistent/family")
        }
    }
}
