import Glibc

/// What the system says of paths and accounts; tests have one of their own.
protocol FileSystemView {
    /// The facts of what stands at a path, of a link itself and not of its target.
    func facts(at path: String) throws(SystemFailure) -> FileFacts

    /// Where a link leads; nil where that cannot be read.
    func target(ofLink path: String) -> String?

    /// Whether this process may read a file or list a folder.
    func mayRead(_ path: String) -> Bool

    /// Whether this process may look up names in a folder.
    func maySearch(_ path: String) -> Bool

    /// What a user is called; nil for one without a name.
    func userName(_ id: UInt32) -> String?

    /// What a group is called; nil for one without a name.
    func groupName(_ id: UInt32) -> String?
}

/// An error number of the system.
struct SystemFailure: Error {
    let number: CInt
}

/// What decides who may use a file.
struct FileFacts {
    /// Its kind and its permissions, as `stat` has them.
    var mode: UInt32
    var owner: UInt32
    var group: UInt32

    var isFolder: Bool { mode & S_IFMT == S_IFDIR }
    var isLink: Bool { mode & S_IFMT == S_IFLNK }

    /// The mode as `ls` writes it: `drwxr-x---`.
    var modeText: String {
        let kinds: [mode_t: Character] = [
            S_IFDIR: "d", S_IFLNK: "l", S_IFIFO: "p", S_IFSOCK: "s", S_IFCHR: "c", S_IFBLK: "b",
        ]
        let permissions = "rwxrwxrwx".enumerated().map { index, letter in
            mode & (0o400 >> UInt32(index)) == 0 ? "-" : letter
        }
        return String([kinds[mode & S_IFMT] ?? "-"] + permissions)
    }
}

/// The files and accounts of this machine.
struct SystemFiles: FileSystemView {
    func facts(at path: String) throws(SystemFailure) -> FileFacts {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw SystemFailure(number: errno) }
        return FileFacts(mode: status.st_mode, owner: status.st_uid, group: status.st_gid)
    }

    func target(ofLink path: String) -> String? {
        var characters = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(path, &characters, characters.count)
        guard count >= 0 else { return nil }
        return String(
            decoding: characters.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func mayRead(_ path: String) -> Bool { mayAccess(path, R_OK) }

    func maySearch(_ path: String) -> Bool { mayAccess(path, X_OK) }

    func userName(_ id: UInt32) -> String? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var words = [CChar](repeating: 0, count: 16384)
        guard unsafe getpwuid_r(id, &entry, &words, words.count, &found) == 0,
            let name = unsafe found?.pointee.pw_name
        else { return nil }
        return unsafe String(cString: name)
    }

    func groupName(_ id: UInt32) -> String? {
        var entry = unsafe Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var words = [CChar](repeating: 0, count: 16384)
        guard unsafe getgrgid_r(id, &entry, &words, words.count, &found) == 0,
            let name = unsafe found?.pointee.gr_name
        else { return nil }
        return unsafe String(cString: name)
    }

    /// Asks for the user that opens files, not for the one that started the program.
    private func mayAccess(_ path: String, _ mode: CInt) -> Bool {
        unsafe faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0
    }
}
