import Glibc

/// The first part of a path that keeps a process from what lies there.
///
/// The system says "permission denied" of a whole path, and leaves to the reader which of its
/// folders is closed, to whom, and what would open it.
public struct PathObstacle: Sendable, Equatable, CustomStringConvertible {
    /// Who wants to read.
    public struct Reader: Sendable, Equatable {
        /// The effective user.
        public var user: UInt32
        /// The effective group and the supplementary ones.
        public var groups: Set<UInt32>

        /// A reader of one's own choice, for tests.
        ///
        /// - Parameters:
        ///   - user: Its number.
        ///   - groups: Theirs.
        public init(user: UInt32, groups: Set<UInt32>) {
            self.user = user
            self.groups = groups
        }

        /// This process.
        public static var current: Reader {
            var groups = [gid_t](repeating: 0, count: max(0, Int(getgroups(0, nil))))
            let count = unsafe getgroups(CInt(groups.count), &groups)
            groups.removeLast(groups.count - max(0, Int(count)))
            return Reader(user: geteuid(), groups: Set(groups).union([getegid()]))
        }

        /// Whether the mode lets it: 4 reads, 1 searches a folder, and root may everything.
        fileprivate func may(_ bit: UInt32, _ status: stat) -> Bool {
            guard user != 0 else { return true }
            let shift: UInt32 =
                status.st_uid == user ? 6 : groups.contains(status.st_gid) ? 3 : 0
            return status.st_mode >> shift & bit == bit
        }
    }

    /// What is wrong with the part.
    public enum Problem: Sendable, Equatable {
        /// Nothing is there.
        case missing
        /// Something else stands where a folder is wanted.
        case notAFolder
        /// The folder may not be entered.
        case notSearchable
        /// The file or folder may not be read.
        case notReadable
        /// Links lead to each other.
        case linkLoop
    }

    /// The part, from the root on.
    public let part: String
    /// What is wrong with it.
    public let problem: Problem
    /// In one line: part, problem, whom it stops, and what would be right.
    public let description: String

    /// Looks for the first obstacle.
    ///
    /// Judged by the bits of modes; access lists and security modules are not asked. So it is to
    /// explain a failure, not to foretell one.
    ///
    /// - Parameters:
    ///   - path: A file or folder that is to be read; relative ones start at the working folder.
    ///   - reader: Who reads.
    /// - Returns: nil where modes let the reader through.
    public static func first(on path: String, for reader: Reader = .current) -> PathObstacle? {
        var start = path
        if !path.hasPrefix("/"), let folder = unsafe getcwd(nil, 0) {
            start = unsafe String(cString: folder) + "/" + path
            unsafe free(folder)
        }
        return walk(start, for: reader, linksLeft: 40)
    }

    private static func walk(
        _ path: String, for reader: Reader, linksLeft: Int
    ) -> PathObstacle? {
        guard linksLeft > 0 else { return PathObstacle(path, .linkLoop, reader, nil) }
        let names = path.split(separator: "/").map(String.init)
        var folder = "/"
        for index in 0...names.count {
            var status = stat()
            guard unsafe lstat(folder, &status) == 0 else {
                return PathObstacle(folder, .missing, reader, nil)
            }
            let rest = names[index...]
            if status.st_mode & S_IFMT == S_IFLNK, let target = destination(folder) {
                let whole = ([target] + rest).joined(separator: "/")
                return walk(whole, for: reader, linksLeft: linksLeft - 1)
            }
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            if rest.isEmpty {
                guard reader.may(4, status) else {
                    return PathObstacle(folder, .notReadable, reader, status)
                }
            } else if !isFolder {
                return PathObstacle(folder, .notAFolder, reader, status)
            }
            if isFolder, !reader.may(1, status) {
                return PathObstacle(folder, .notSearchable, reader, status)
            }
            if let name = rest.first { folder = folder == "/" ? "/" + name : folder + "/" + name }
        }
        return nil
    }

    /// Where a link leads, from the root on.
    private static func destination(_ link: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(link, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let target = String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard !target.hasPrefix("/") else { return target }
        return link.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/" + target
    }

    private init(_ part: String, _ problem: Problem, _ reader: Reader, _ status: stat?) {
        self.part = part
        self.problem = problem
        let owner = status.map { " (\(Self.mode($0)) \(Self.name($0.st_uid)))" } ?? ""
        let whom = "user \(Self.name(reader.user)) (uid \(reader.user))"
        description =
            switch problem {
            case .missing: "\(part) does not exist"
            case .notAFolder: "\(part) is no folder"
            case .notSearchable:
                "\(part) may not be entered by \(whom)\(owner); chmod o+x \(part) would let it"
            case .notReadable:
                "\(part) may not be read by \(whom)\(owner); chmod o+r \(part) would let it"
            case .linkLoop: "\(part) is a link that leads back to itself"
            }
    }

    private static func name(_ user: UInt32) -> String {
        guard let entry = unsafe getpwuid(user),
            let name = unsafe entry.pointee.pw_name else {
            return "\(user)"
        }
        return unsafe String(cString: name)
    }

    /// As `ls -l` writes it.
    private static func mode(_ status: stat) -> String {
        let letters = Array("rwxrwxrwx")
        let bits = letters.indices.map { status.st_mode >> (8 - UInt32($0)) & 1 == 1 }
        let kind = status.st_mode & S_IFMT == S_IFDIR ? "d" : "-"
        return kind + zip(letters, bits).map { $1 ? String($0) : "-" }.joined()
    }
}
