import ArgumentParser
import HTTP
import Sockets

/// The folder with the web page.
enum WebPage {
    /// The files of `folder`, or of the page that comes with the program.
    ///
    /// - Parameter folder: What was asked for; nil takes the page where it is installed.
    /// - Returns: The files; nil where no page is installed.
    /// - Throws: `UnreadablePath` or `ValidationError` where a folder that was asked for cannot be
    ///   served.
    static func files(folder: String?) throws -> StaticFiles? {
        if let folder {
            try UnreadablePath.check("--public", folder)
            do throws(SocketError) {
                return try StaticFiles(path: folder)
            } catch {
                throw ValidationError("--public \(folder): \(error)")
            }
        }
        return resource.path.flatMap { try? StaticFiles(path: $0) }
    }

    static let resource = InstalledResource(
        name: "Public", file: "index.html", isInSourceTree: true)
}
