/// Says of a component what is wrong with it.
struct PathObstacleWords<Files: FileSystemView> {
    let user: ProcessUser
    let files: Files
    var place = ""
    var link: String?

    init(user: ProcessUser, files: Files) {
        self.user = user
        self.files = files
    }

    func line(for problem: PathProblem) -> String {
        switch problem {
        case .missing: "\(subject) does not exist for \(userText)\(hint)"
        case .notAFolder(let facts): "\(subject) is no folder: \(text(facts))"
        case .notSearchable(let facts): denial("searchable", "x", 1, facts)
        case .notReadable(let facts):
            facts.isFolder ? denial("readable", "rx", 5, facts) : denial("readable", "r", 4, facts)
        case .tooManyLinks: "\(subject) is one of more than 40 links, or of a loop"
        case .refused(let failure):
            "\(subject): \(RegularFile.reason(failure.number)), for \(userText)"
        }
    }

    private func denial(
        _ word: String, _ letters: String, _ bits: UInt32, _ facts: FileFacts
    ) -> String {
        let (group, held) = user.permissions(facts)
        let advice =
            held & bits == bits
            ? "the mode allows it, so an access list, a mount or a security module does not"
            : "chmod \(group)+\(letters) \(place) would let it"
        return "\(subject) is not \(word) by \(userText): \(text(facts)); \(advice)\(hint)"
    }

    /// The component, with the folder that it is relative to and the link that led there.
    private var subject: String {
        var notes: [String] = []
        if !place.hasPrefix("/"), let folder = user.folder { notes.append("in \(folder)") }
        if let link, link != place { notes.append("by the link \(link)") }
        return notes.isEmpty ? place : "\(place) (\(notes.joined(separator: ", ")))"
    }

    private var userText: String {
        files.userName(user.id).map { "user \($0) (uid \(user.id))" } ?? "uid \(user.id)"
    }

    private func text(_ facts: FileFacts) -> String {
        let owner = files.userName(facts.owner) ?? String(facts.owner)
        let group = files.groupName(facts.group) ?? String(facts.group)
        return "\(facts.modeText) \(owner):\(group)"
    }

    /// A unit's own protection looks like a mode that nobody set (systemd.exec(5)).
    private var hint: String {
        guard user.isUnit else { return "" }
        let path = place.hasPrefix("/") ? place : "\(user.folder ?? "")/\(place)"
        func lies(in folder: String) -> Bool { path == folder || path.hasPrefix(folder + "/") }
        if ["/home", "/root", "/run/user"].contains(where: lies) {
            return "; ProtectHome= of the unit hides it"
        }
        if let folder = ["/tmp", "/var/tmp"].first(where: lies) {
            return "; with PrivateTmp= the unit has a \(folder) of its own"
        }
        return ""
    }
}
