import Glibc

/// What the system says of this process, by Prometheus' own names.
struct ProcessStatistics {
    /// Seconds of processor time, the program's own and the system's for it.
    var cpuSeconds = 0.0
    /// Bytes in memory, and of address space.
    var residentByteCount = 0
    var virtualByteCount = 0
    /// Descriptors that are open, and that may be.
    var openDescriptorCount = 0
    var mostDescriptors = 0
    /// When it began, in seconds since 1970.
    var startTime = 0.0

    /// When the process began, which does not change.
    private static let began = startSecondsSince1970()

    /// As of now; 0 where the system says nothing.
    init() {
        var usage = rusage()
        if unsafe getrusage(RUSAGE_SELF.rawValue, &usage) == 0 {
            for time in [usage.ru_utime, usage.ru_stime] {
                cpuSeconds += Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
            }
        }
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let pages = Self.text(of: "/proc/self/statm").split(separator: " ").compactMap { Int($0) }
        if pages.count > 1 {
            (virtualByteCount, residentByteCount) = (pages[0] * pageSize, pages[1] * pageSize)
        }
        openDescriptorCount = Self.descriptorCount()
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            mostDescriptors = Int(clamping: limit.rlim_cur)
        }
        startTime = Self.began
    }

    private static func descriptorCount() -> Int {
        guard let folder = unsafe opendir("/proc/self/fd") else { return 0 }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the one that reads.
        return max(0, count - 3)
    }

    private static func startSecondsSince1970() -> Double {
        // Behind the name, which may hold anything, in ticks since the machine began: proc(5).
        let fields = text(of: "/proc/self/stat").split(separator: ")").last?.split(separator: " ")
        let boot = text(of: "/proc/stat").split(separator: "\n")
            .first { $0.hasPrefix("btime ") }?.dropFirst(6)
        guard let fields, fields.count > 19, let ticks = Double(fields[19]),
            let boot = boot.flatMap({ Double($0) })
        else { return 0 }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A file of the system's, whose size nobody knows before.
    private static func text(of path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while bytes.count < 1 << 20 {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
