import Glibc

/// A path on its way through folders and links, one component after the other.
struct PathWalk<Files: FileSystemView> {
    /// The kernel's own limit (path_resolution(7)).
    private static var linkLimit: Int { 40 }

    /// Where the walk is.
    private(set) var place: String
    /// The last link that was followed.
    private(set) var lastLink: String?

    private let files: Files
    /// The components to come, the next one last.
    private var components: [Substring]
    private var linkCount = 0

    init(_ path: String, in files: Files) {
        self.files = files
        place = path.hasPrefix("/") ? "/" : "."
        components = Self.components(path)
    }

    /// Walks to the first component that cannot be passed, or to the end.
    ///
    /// - Returns: What is wrong at `place`; nil where the path's end can be read.
    mutating func firstProblem() -> PathProblem? {
        do throws(SystemFailure) {
            var facts = try files.facts(at: place)
            while let name = components.popLast() {
                guard facts.isFolder else { return .notAFolder(facts) }
                guard files.maySearch(place) else { return .notSearchable(facts) }
                let folder = (place, facts)
                place = Self.path(place, name)
                facts = try files.facts(at: place)
                guard facts.isLink else { continue }
                linkCount += 1
                guard linkCount <= Self.linkLimit else { return .tooManyLinks }
                guard let target = files.target(ofLink: place) else {
                    return .notReadable(facts)
                }
                lastLink = place
                components += Self.components(target)
                (place, facts) = folder
                if target.hasPrefix("/") {
                    place = "/"
                    facts = try files.facts(at: place)
                }
            }
            guard files.mayRead(place) else { return .notReadable(facts) }
            return facts.isFolder && !files.maySearch(place) ? .notSearchable(facts) : nil
        } catch {
            return error.number == ENOENT ? .missing : .refused(error)
        }
    }

    private static func components(_ path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }.reversed()
    }

    private static func path(_ folder: String, _ name: Substring) -> String {
        switch folder {
        case ".": String(name)
        case "/": "/\(name)"
        default: "\(folder)/\(name)"
        }
    }
}
