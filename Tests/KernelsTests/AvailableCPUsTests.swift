import Testing

@testable import Kernels

@Suite struct AvailableCPUsTests {
    @Test func `the tightest group from the process to the root counts`() {
        let files = [
            "/sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
            "/sys/fs/cgroup/a/cpu.max": "250000 100000\n",
            "/sys/fs/cgroup/cpu.max": "400000 100000\n",
        ]
        #expect(CgroupQuota.quota(memberships: "0::/a/b\n") { files[$0] } == 2.5)
        #expect(CgroupQuota.quota(memberships: "0::/\n") { files[$0] } == 4)
        #expect(CgroupQuota.quota(memberships: "0::/../x\n") { files[$0] } == 4)
    }

    @Test func `version 1 quotas are read under either mount`() {
        let memberships = "12:memory:/x\n4:cpu,cpuacct:/docker/f:1\n0::/\n"
        for mount in ["cpu", "cpu,cpuacct"] {
            let files = [
                "/sys/fs/cgroup/\(mount)/docker/f:1/cpu.cfs_quota_us": "150000\n",
                "/sys/fs/cgroup/\(mount)/docker/f:1/cpu.cfs_period_us": "100000\n",
                "/sys/fs/cgroup/\(mount)/cpu.cfs_quota_us": "-1\n",
                "/sys/fs/cgroup/\(mount)/cpu.cfs_period_us": "100000\n",
            ]
            #expect(CgroupQuota.quota(memberships: memberships) { files[$0] } == 1.5)
        }
    }

    @Test(arguments: [
        "", "max 100000", "-1 100000", "0 100000", "5 0", "x y", "1", "1 2 3",
        "99999999999999999999 1",
    ])
    func `text that sets no limit sets none`(text: String) {
        #expect(CgroupQuota.unifiedQuota(text) == nil)
        #expect(CgroupQuota.quota(memberships: text) { _ in text } == nil)
    }

    @Test func `the count is whole, at least one and explained`() {
        #expect(AvailableCPUs(affinity: 8, quota: 2.9).count == 2)
        #expect(AvailableCPUs(affinity: 8, quota: 0.25).count == 1)
        #expect(AvailableCPUs(affinity: 2, quota: 1e300).count == 2)
        #expect(AvailableCPUs(affinity: 0, quota: nil).count == 1)
        #expect(
            AvailableCPUs(affinity: 8, quota: 2.05).explanation
                == "2 CPUs: affinity allows 8, the cgroup quota 2.05")
        #expect(
            AvailableCPUs(affinity: 4, quota: nil).explanation
                == "4 CPUs: affinity allows 4, no quota")
        #expect((1...AvailableCPUs.current().affinity).contains(AvailableCPUs.count()))
    }
}
