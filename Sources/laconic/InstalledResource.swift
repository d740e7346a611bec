import Foundation

/// Files that come with the program, found by where the program itself lies.
///
/// `Bundle.module` is not asked: it knows the folder of the build by its absolute path, and ends the
/// program where it finds nothing.
struct InstalledResource {
    /// The folder's name, where resources are.
    let name: String
    /// What must be in the folder; nil takes any.
    var file: String?
    /// Whether a program in its build folder takes it from the top of the source tree.
    var isInSourceTree = false

    /// Where it lies; nil where it was not installed.
    var path: String? {
        path(program: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()) {
            FileManager.default.fileExists(atPath: $0)
        }
    }

    /// Where it lies, for a program at some place.
    ///
    /// A build keeps resources beside the program, an installation under `share`: of the program's
    /// own prefix, and then of those that the system's packages and administrators use.
    func path(program: URL, exists: (String) -> Bool) -> String? {
        let folder = program.deletingLastPathComponent()
        var candidates = [
            folder.appendingPathComponent("laconic_laconic.resources/\(name)").path,
            folder.deletingLastPathComponent().appendingPathComponent("share/laconic/\(name)").path,
            "/usr/local/share/laconic/\(name)",
            "/usr/share/laconic/\(name)",
        ]
        let parts = folder.pathComponents
        // The build folder may be another than `.build`, by `swift build --scratch-path`.
        if isInSourceTree, let build = parts.lastIndex(where: { $0.hasPrefix(".build") }) {
            candidates.insert(NSString.path(withComponents: parts[..<build] + [name]), at: 1)
        }
        return candidates.first { candidate in
            exists(file.map { "\(candidate)/\($0)" } ?? candidate)
        }
    }
}
