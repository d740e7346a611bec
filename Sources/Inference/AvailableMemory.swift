import Foundation

/// How much memory this process may still take, as the kernel and the control group say.
///
/// Pages of files do not count as taken: the kernel gives them up for whoever needs memory.
struct AvailableMemory {
    /// How much that is.
    let byteCount: Int
    /// Whose limit it is, for a person.
    let limit: String

    /// Bytes: the least of what the machine has and what each control group above leaves.
    static func byteCount() -> Int { now().byteCount }

    /// The least of what the machine has and what each control group above leaves.
    ///
    /// systemd's `ProcSubset=pid` hides `/proc/meminfo`; then the memory nodes are asked, and where
    /// these are hidden too, 2 GiB are taken.
    static func now() -> AvailableMemory {
        let machine = read("/proc/meminfo").flatMap(machineBytes) ?? nodeBytes() ?? 2 << 30
        return groups().reduce(AvailableMemory(byteCount: machine, limit: "the machine")) {
            $1.byteCount < $0.byteCount ? $1 : $0
        }
    }

    /// `MemAvailable` of `/proc/meminfo`, in bytes.
    static func machineBytes(_ text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[2] == "kB", let kibibytes = Int(words[1]) else {
                return nil
            }
            let (bytes, overflow) = kibibytes.multipliedReportingOverflow(by: 1024)
            return overflow ? nil : bytes
        }
        return nil
    }

    /// What is free on every node, or could be by dropping pages of files.
    ///
    /// Source: Linux Documentation/ABI/stable/sysfs-devices-node.
    private static func nodeBytes() -> Int? {
        var sum: Int?
        for node in 0..<1024 {
            guard let text = read("/sys/devices/system/node/node\(node)/meminfo") else { break }
            guard let bytes = nodeBytes(text) else { return nil }
            sum = (sum ?? 0) + bytes
        }
        return sum
    }

    /// `MemFree`, `Active(file)` and `Inactive(file)` of one node's `meminfo`, in bytes.
    static func nodeBytes(_ text: String) -> Int? {
        var bytes: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            // "Node 0 MemFree:  5537376 kB"
            let words = line.split(separator: " ")
            guard words.count == 5, words[4] == "kB", let kibibytes = Int(words[3]),
                (0..<(1 << 50)).contains(kibibytes)
            else { continue }
            bytes[words[2]] = kibibytes << 10
        }
        guard let free = bytes["MemFree:"] else { return nil }
        return free + (bytes["Active(file):"] ?? 0) + (bytes["Inactive(file):"] ?? 0)
    }

    /// What a control group leaves of its limit: `max` and v1's huge numbers mean no limit.
    ///
    /// - Parameters:
    ///   - limit: The most that it may use.
    ///   - usage: What it uses, pages of files included.
    ///   - statistics: Its `memory.stat`, which tells these pages.
    /// - Returns: Bytes; nil where there is no limit.
    static func groupBytes(limit: String, usage: String, statistics: String = "") -> Int? {
        guard let limit = Int(limit.trimmingCharacters(in: .whitespacesAndNewlines)),
            limit < 1 << 60,
            let usage = Int(usage.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return nil }
        return max(0, limit - max(0, usage - fileBytes(statistics)))
    }

    /// The pages of files that a group's `memory.stat` counts, those of its children included.
    ///
    /// v1 counts children in lines of their own, `total_…`; v2 in every line.
    private static func fileBytes(_ statistics: String) -> Int {
        var bytes: [Substring: Int] = [:]
        for line in statistics.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let count = Int(words[1]), (0..<(1 << 60)).contains(count)
            else { continue }
            bytes[words[0]] = count
        }
        let prefix = bytes["total_inactive_file"] == nil ? "" : "total_"
        return ["active_file", "inactive_file"].reduce(0) {
            $0 + (bytes[Substring(prefix + $1)] ?? 0)
        }
    }

    /// What each group of the process and its parents leave.
    private static func groups() -> [AvailableMemory] {
        guard let membership = read("/proc/self/cgroup") else { return [] }
        var found: [AvailableMemory] = []
        for line in membership.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let root: String
            let names: (limit: String, usage: String)
            if fields[1].isEmpty {
                (root, names) = ("/sys/fs/cgroup", ("memory.max", "memory.current"))
            } else if fields[1].split(separator: ",").contains("memory") {
                root = "/sys/fs/cgroup/memory"
                names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            } else {
                continue
            }
            var group = String(fields[2])
            while true {
                let folder = group == "/" ? root : root + group
                if let limit = read("\(folder)/\(names.limit)"),
                    let usage = read("\(folder)/\(names.usage)"),
                    let left = groupBytes(
                        limit: limit, usage: usage,
                        statistics: read("\(folder)/memory.stat") ?? "")
                {
                    let most = limit.trimmingCharacters(in: .whitespacesAndNewlines)
                    found.append(
                        AvailableMemory(
                            byteCount: left,
                            limit: "\(folder)/\(names.limit), which is \(most),"))
                }
                guard group != "/", !group.isEmpty else { break }
                group = (group as NSString).deletingLastPathComponent
            }
        }
        return found
    }

    private static func read(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
