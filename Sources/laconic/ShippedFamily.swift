import Foundation

/// The small family that comes with the program, so that a fresh machine serves something real.
enum ShippedFamily {
    /// The folder's name, where resources are.
    private static let name = "family"

    /// Where it lies; nil where it was not installed.
    ///
    /// A build keeps resources beside the program, a package under `share`. `Bundle.module` is not
    /// asked: it ends the program where it finds nothing.
    static var path: String? {
        path(program: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()) {
            FileManager.default.fileExists(atPath: $0)
        }
    }

    /// Where it lies, for a program at some place.
    static func path(program: URL, exists: (String) -> Bool) -> String? {
        let folder = program.deletingLastPathComponent()
        let candidates = [
            folder.appendingPathComponent("laconic_laconic.resources/\(name)"),
            folder.deletingLastPathComponent().appendingPathComponent("share/laconic/\(name)"),
            URL(fileURLWithPath: "/usr/share/laconic/\(name)"),
        ]
        return candidates.map(\.path).first(where: exists)
    }
}
