import ArgumentParser
import Foundation
import HTTP
import Sockets

/// The folder with the web page.
enum WebPage {
    private static let name = "Public"

    /// The files of `folder`, or of the page that comes with the program.
    ///
    /// - Parameter folder: What was asked for; nil takes the page where it is installed.
    /// - Returns: The files; nil where no page is installed.
    /// - Throws: `ValidationError` where a folder that was asked for cannot be served.
    static func files(folder: String?) throws -> StaticFiles? {
        if let folder {
            do throws(SocketError) {
                return try StaticFiles(path: folder)
            } catch {
                throw ValidationError("--public \(folder): \(error)")
            }
        }
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let found = path(program: program) {
            FileManager.default.fileExists(atPath: "\($0)/index.html")
        }
        return found.flatMap { try? StaticFiles(path: $0) }
    }

    /// Where the page lies, for a program at some place: beside its other resources, or in the
    /// source tree that it was built in.
    static func path(program: URL, exists: (String) -> Bool) -> String? {
        let folder = program.deletingLastPathComponent()
        var candidates = [
            folder.appendingPathComponent("laconic_laconic.resources/\(name)"),
            folder.deletingLastPathComponent().appendingPathComponent("share/laconic/\(name)"),
            URL(fileURLWithPath: "/usr/share/laconic/\(name)"),
        ]
        let parts = folder.pathComponents
        if let build = parts.lastIndex(of: ".build") {
            let tree = NSString.path(withComponents: Array(parts[..<build]))
            candidates.append(URL(fileURLWithPath: tree).appendingPathComponent(name))
        }
        return candidates.map(\.path).first(where: exists)
    }
}
