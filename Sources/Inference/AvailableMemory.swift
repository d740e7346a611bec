import Foundation

/// How much memory this process may still take, as the kernel and the control group say.
enum AvailableMemory {
    /// Bytes: the least of what the machine has and what each control group above leaves.
    ///
    /// systemd's `ProcSubset=pid` hides `/proc/meminfo`; then the memory nodes are asked, and where
    /// these are hidden too, 2 GiB are taken.
    static func byteCount() -> Int {
        let machine = read("/proc/meminfo").flatMap(machineBytes) ?? nodeBytes() ?? 2 << 30
        return groupBytes().reduce(machine, min)
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
    static func groupBytes(limit: String, usage: String) -> Int? {
        guard let limit = Int(limit.trimmingCharacters(in: .whitespacesAndNewlines)),
            limit < 1 << 60,
            let usage = Int(usage.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return nil }
        return max(0, limit - usage)
    }

    /// What each group of the process and its parents leave.
    private static func groupBytes() -> [Int] {
        guard let membership = read("/proc/self/cgroup") else { return [] }
        var found: [Int] = []
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
                    let left = groupBytes(limit: limit, usage: usage)
                {
                    found.append(left)
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
