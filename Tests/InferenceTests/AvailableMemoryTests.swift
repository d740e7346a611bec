import Testing

@testable import Inference

@Suite struct AvailableMemoryTests {
    @Test func theMachinesShareIsReadInKibibytes() {
        let text = "MemTotal:       24000000 kB\nMemAvailable:    1000000 kB\nBuffers: 1 kB\n"
        #expect(AvailableMemory.machineBytes(text) == 1_024_000_000)
    }

    @Test(arguments: ["", "MemTotal: 5 kB\n", "MemAvailable: x kB\n", "MemAvailable: 5 MB\n"])
    func anythingElseIsNoAnswer(text: String) {
        #expect(AvailableMemory.machineBytes(text) == nil)
    }

    @Test func aNodeHasWhatIsFreeAndWhatFilesCouldGive() {
        let text = """
            Node 0 MemTotal:       11364556 kB
            Node 0 MemFree:            1000 kB
            Node 0 Active(file):         30 kB
            Node 0 Inactive(file):        4 kB
            Node 0 HugePages_Total:     0
            """
        #expect(AvailableMemory.nodeBytes(text) == 1034 << 10)
        #expect(AvailableMemory.nodeBytes("Node 0 MemTotal: 5 kB\n") == nil)
    }

    @Test func aGroupLeavesItsLimitLessItsUse() {
        #expect(AvailableMemory.groupBytes(limit: "1000\n", usage: "400\n") == 600)
        #expect(AvailableMemory.groupBytes(limit: "1000", usage: "4000") == 0)
    }

    @Test(arguments: [
        "anon 300\nactive_file 60\ninactive_file 40\n",
        "active_file 1\ninactive_file 1\ntotal_inactive_file 40\ntotal_active_file 60\n",
    ])
    func pagesOfFilesAreNoUse(statistics: String) {
        #expect(
            AvailableMemory.groupBytes(limit: "1000", usage: "400", statistics: statistics) == 700)
    }

    @Test(arguments: ["active_file 500\n", "active_file -5\n", "active_file\n", "x"])
    func aGroupNeverLeavesMoreThanItsLimit(statistics: String) {
        let left = AvailableMemory.groupBytes(limit: "1000", usage: "400", statistics: statistics)
        #expect(left == (statistics.contains("500") ? 1000 : 600))
    }

    @Test func aGroupWithoutALimitLimitsNothing() {
        #expect(AvailableMemory.groupBytes(limit: "max\n", usage: "1\n") == nil)
        #expect(AvailableMemory.groupBytes(limit: "9223372036854771712", usage: "1") == nil)
    }

    @Test func thereIsSomeMemoryHere() {
        #expect(AvailableMemory.byteCount() > 1 << 20)
    }
}
