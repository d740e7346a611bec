public import Checkpoints
import Foundation
import Routing

extension FamilyDirectory {
    /// Looks for what keeps this process from reading a family: its folder, `family.json`, and each
    /// file of each member.
    ///
    /// Without a manifest, a subfolder that cannot be read would be no member, and nobody would
    /// know.
    ///
    /// - Parameter path: The family's folder.
    /// - Returns: The first obstacle; nil where there is none, or the manifest is broken.
    public static func obstacle(onTheWayTo path: String) -> PathObstacle? {
        if let obstacle = PathObstacle(onTheWayTo: path) { return obstacle }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let members: [String]
        if names.contains(FamilyManifest.fileName) {
            let manifest = "\(path)/\(FamilyManifest.fileName)"
            if let obstacle = PathObstacle(onTheWayTo: manifest) { return obstacle }
            members = (try? FamilyDirectory(path: path))?.members.map(\.path) ?? []
        } else {
            members = names.sorted()
                .filter { alpha(inName: $0) != nil || $0 == baseName }
                .map { "\(path)/\($0)" }
                .filter { !isFile($0) }
        }
        return members.lazy.compactMap { PathObstacle(onTheWayToCheckpoint: $0) }.first
    }

    private static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && !isFolder.boolValue
    }
}
