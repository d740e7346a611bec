import Foundation
import Testing

@testable import laconic

@Suite struct InstalledResourceTests {
    private let family = InstalledResource(name: "family")
    private let page = InstalledResource(name: "Public", file: "index.html", isInSourceTree: true)

    private func place(
        of resource: InstalledResource, program: String, existing: Set<String>
    ) -> String? {
        resource.path(program: URL(fileURLWithPath: program)) { existing.contains($0) }
    }

    @Test func whatLiesBesideTheProgramWins() {
        let beside = "/opt/bin/laconic_laconic.resources/family"
        let shared = "/opt/share/laconic/family"
        let program = "/opt/bin/laconic"
        #expect(place(of: family, program: program, existing: [beside, shared]) == beside)
        #expect(place(of: family, program: program, existing: [shared]) == shared)
    }

    @Test(arguments: ["/usr/bin/laconic", "/usr/local/bin/laconic", "/elsewhere/laconic"])
    func aPackagesFilesAreFoundWhereverTheProgramLies(program: String) {
        let shared = "/usr/share/laconic/family"
        #expect(place(of: family, program: program, existing: [shared]) == shared)
    }

    @Test(arguments: [".build", ".build-deb"])
    func aBuildTakesThePageFromItsTree(folder: String) {
        let program = "/tree/\(folder)/x86_64-unknown-linux-gnu/release/laconic"
        let existing: Set = ["/tree/Public/index.html", "/usr/share/laconic/Public/index.html"]
        #expect(place(of: page, program: program, existing: existing) == "/tree/Public")
        #expect(place(of: family, program: program, existing: ["/tree/family"]) == nil)
    }

    @Test func aFolderWithoutItsFileIsNoPage() {
        let empty: Set = ["/usr/share/laconic/Public"]
        #expect(place(of: page, program: "/usr/bin/laconic", existing: empty) == nil)
    }

    @Test func nowhereIsNil() {
        #expect(place(of: family, program: "/usr/bin/laconic", existing: []) == nil)
    }
}
