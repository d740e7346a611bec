import Foundation
public import Routing

/// A folder whose subfolders are the members of a family: checkpoints whose names carry the
/// length penalty they were trained with, and perhaps `base`, which they were trained from.
public struct FamilyDirectory: Sendable, Equatable {
    /// One checkpoint of the family.
    public struct Member: Sendable, Equatable {
        /// Name of the subfolder.
        public var name: String
        /// Where it lies.
        public var path: String
        /// The length penalty in its name; nil for the base.
        public var alpha: Double?
        /// What `family.json` says of it, where there is one.
        public var profile: FamilyManifest.Member?
    }

    /// The name of the base's subfolder.
    public static let baseName = "base"

    /// What the family is called: by its `family.json`, or else by its folder.
    public var name: String
    /// The members, lightest penalty first, the base last.
    public var members: [Member]
    /// What reads a prompt's hidden state for all of them, where `family.json` has it.
    public var probe: Probe?

    /// Finds the members in a folder: those of its `family.json`, or else the subfolders whose
    /// names carry an alpha.
    ///
    /// - Parameter path: The family's folder.
    /// - Throws: `ModelLoadingError.notAFamily` when no subfolder's name carries an alpha,
    ///   `.duplicateAlpha` when two carry the same, `.manifest` for a broken `family.json`.
    public init(path: String) throws(ModelLoadingError) {
        name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
        if let manifest = try FamilyManifest(folder: path) {
            name = manifest.name
            probe = manifest.probe
            members = manifest.members.map { member in
                Member(
                    name: member.id, path: "\(path)/\(member.path)", alpha: member.alpha,
                    profile: member)
            }
            return
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw .notAFamily(path: path, reason: "the folder cannot be read")
        }
        var tuned: [(alpha: Double, member: Member)] = []
        for name in names.sorted() {
            guard let alpha = Self.alpha(inName: name) else { continue }
            let folder = path.hasSuffix("/") ? path + name : path + "/" + name
            guard Self.isFolder(folder) else { continue }
            tuned.append((alpha, Member(name: name, path: folder, alpha: alpha)))
        }
        tuned.sort { $0.alpha < $1.alpha }
        guard !tuned.isEmpty else {
            throw .notAFamily(
                path: path,
                reason: "no subfolder is named after its alpha, such as alpha_0.1")
        }
        for (left, right) in zip(tuned, tuned.dropFirst()) where left.alpha == right.alpha {
            throw .duplicateAlpha(path: path, first: left.member.name, second: right.member.name)
        }
        members = tuned.map(\.member)
        if names.contains(Self.baseName), Self.isFolder("\(path)/\(Self.baseName)") {
            let folder = path.hasSuffix("/") ? path + Self.baseName : "\(path)/\(Self.baseName)"
            members.append(Member(name: Self.baseName, path: folder, alpha: nil))
        }
    }

    /// What `family.json` says, or would say before anything was measured.
    public var manifest: FamilyManifest {
        FamilyManifest(
            name: name, base: members.first { $0.alpha == nil }?.name, probe: probe,
            members: members.map { member in
                member.profile
                    ?? FamilyManifest.Member(
                        id: member.name, path: member.name, alpha: member.alpha)
            })
    }

    private static func isFolder(_ path: String) -> Bool {
        (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil
    }

    /// The alpha that a checkpoint's name carries: `alpha_0.1_…`, `scale:1.5B_alpha:0.1`,
    /// `alpha-0.1`; `nil` when there is none in [0, 1).
    public static func alpha(inName name: String) -> Double? {
        guard let match = name.lowercased().firstMatch(of: /alpha[_:=\-]?(\d+(?:\.\d+)?)/),
            let alpha = Double(match.1), (0..<1).contains(alpha)
        else { return nil }
        return alpha
    }

    /// A member's name with another alpha in it; `alpha_0.15` where it carries none.
    static func name(_ name: String, withAlpha alpha: Double) -> String {
        guard let match = name.firstMatch(of: /(?i:alpha)[_:=\-]?(\d+(?:\.\d+)?)/) else {
            return "alpha_\(alpha)"
        }
        var name = name
        name.replaceSubrange(match.1.startIndex..<match.1.endIndex, with: "\(alpha)")
        return name
    }
}
