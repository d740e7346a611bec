import CKernels
import Glibc

/// How many processors this process may really use, and why.
public struct AvailableCPUs: Sendable, Equatable {
    /// Processors in the affinity mask.
    public let affinity: Int
    /// The tightest quota of the control groups above this process, in processors.
    public let quota: Double?

    /// Combines what was found.
    ///
    /// - Parameters:
    ///   - affinity: Processors in the affinity mask.
    ///   - quota: Processors' worth of time per period, nil without a limit.
    public init(affinity: Int, quota: Double?) {
        self.affinity = affinity
        self.quota = quota
    }

    /// Whole processors: the lower of both, rounded down, at least 1.
    public var count: Int {
        guard let quota, quota < Double(affinity) else { return max(affinity, 1) }
        return max(Int(quota), 1)
    }

    /// One line for a log: the number and its reason.
    public var explanation: String {
        guard let quota else { return "\(count) CPUs: affinity allows \(affinity), no quota" }
        let hundredths = Int((min(quota, 1e6) * 100).rounded())
        let fraction = "\(hundredths % 100)"
        let text = "\(hundredths / 100).\(fraction.count < 2 ? "0" : "")\(fraction)"
        return "\(count) CPUs: affinity allows \(affinity), the cgroup quota \(text)"
    }

    /// What holds for this process now.
    public static func current() -> AvailableCPUs {
        AvailableCPUs(affinity: affinityCount(), quota: CgroupQuota.current())
    }

    /// Processors that this process may use now.
    public static func count() -> Int {
        current().count
    }

    private static func affinityCount() -> Int {
        let count = Int(ck_affinity_count())
        return count > 0 ? count : max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
    }
}
