import Glibc

/// Whom the system takes this process for when it opens files.
struct ProcessUser {
    var id: UInt32
    /// All groups that it is in.
    var groups: Set<UInt32>
    /// The folder that relative paths begin in; nil where it is unknown.
    var folder: String?
    /// Whether systemd started it: its unit may hide folders from it.
    var isUnit = false

    /// The user of this process now.
    static var current: ProcessUser {
        var groups: Set<UInt32> = [getegid()]
        let count = getgroups(0, nil)
        if count > 0 {
            var ids = [gid_t](repeating: 0, count: Int(count))
            let filled = unsafe getgroups(count, &ids)
            groups.formUnion(ids.prefix(Int(max(0, filled))))
        }
        let folder = unsafe getcwd(nil, 0)
        defer { unsafe free(folder) }
        return unsafe ProcessUser(
            id: geteuid(), groups: groups, folder: folder.map { unsafe String(cString: $0) },
            isUnit: getenv("INVOCATION_ID") != nil)
    }

    /// The class of users whose permissions count for it, in `chmod`'s letters, with those
    /// permissions.
    func permissions(_ facts: FileFacts) -> (class: String, bits: UInt32) {
        if facts.owner == id { return ("u", facts.mode >> 6 & 7) }
        if groups.contains(facts.group) { return ("g", facts.mode >> 3 & 7) }
        return ("o", facts.mode & 7)
    }
}
