import Glibc

/// Processor time that control groups grant, read from the kernel's files.
///
/// Source: Linux Documentation/admin-guide/cgroup-v2.rst ("cpu.max") and
/// Documentation/scheduler/sched-bwc.rst (v1's `cpu.cfs_quota_us`).
enum CgroupQuota {
    /// The tightest quota above this process, in processors.
    static func current() -> Double? {
        quota(memberships: read("/proc/self/cgroup") ?? "", readFile: read)
    }

    /// The tightest quota of all groups from the process's own to the root.
    ///
    /// - Parameters:
    ///   - memberships: The text of `/proc/self/cgroup`.
    ///   - readFile: The text of a file, nil where there is none.
    /// - Returns: nil when no group sets a limit.
    static func quota(memberships: String, readFile: (String) -> String?) -> Double? {
        var tightest: Double?
        for line in memberships.split(separator: "\n") {
            // "hierarchy:controllers:path", where the path may hold colons
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",")
            let isUnified = fields[0] == "0" && controllers.isEmpty
            guard isUnified || controllers.contains("cpu") else { continue }
            for directory in ancestors(of: String(fields[2])) {
                var found: [Double?] = []
                if isUnified {
                    found.append(unifiedQuota(readFile("/sys/fs/cgroup\(directory)/cpu.max")))
                } else {
                    for mount in ["cpu", "cpu,cpuacct"] {
                        let group = "/sys/fs/cgroup/\(mount)\(directory)/cpu.cfs_"
                        found.append(
                            legacyQuota(
                                quota: readFile(group + "quota_us"),
                                period: readFile(group + "period_us")))
                    }
                }
                for case let quota? in found { tightest = min(tightest ?? quota, quota) }
            }
        }
        return tightest
    }

    /// "/a/b" -> "/a/b", "/a", "": a container may see its own group as the root.
    static func ancestors(of path: String) -> [String] {
        let parts = path.split(separator: "/").filter { $0 != ".." && $0 != "." }
        return (0...parts.count).reversed().map { depth in
            parts.prefix(depth).map { "/" + $0 }.joined()
        }
    }

    /// The quota in "max 100000" or "150000 100000".
    static func unifiedQuota(_ text: String?) -> Double? {
        let fields = (text ?? "").split(whereSeparator: \.isWhitespace)
        guard fields.count == 2 else { return nil }
        return legacyQuota(quota: String(fields[0]), period: String(fields[1]))
    }

    /// Quota over period, both in microseconds; a quota of -1 or "max" is no limit.
    static func legacyQuota(quota: String?, period: String?) -> Double? {
        guard let quota = number(quota), let period = number(period), quota > 0, period > 0 else {
            return nil
        }
        return Double(quota) / Double(period)
    }

    private static func number(_ text: String?) -> Int? {
        guard let word = text?.split(whereSeparator: \.isWhitespace).first else { return nil }
        return Int(word)
    }

    private static func read(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65536)
        var filled = 0
        while filled < bytes.count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(
                    descriptor, buffer.baseAddress.map { unsafe $0 + filled },
                    buffer.count - filled)
            }
            guard got > 0 else { break }
            filled += got
        }
        return String(decoding: bytes[..<filled], as: UTF8.self)
    }
}
