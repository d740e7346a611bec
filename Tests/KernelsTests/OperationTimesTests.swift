import Testing

@testable import Kernels

@Suite struct OperationTimesTests {
    @Test func `times add up by kind`() {
        var times = OperationTimes()
        times.add(.seconds(1), to: .products)
        times.add(.seconds(2), to: .rest)
        var others = OperationTimes()
        others.add(.seconds(4), to: .products)
        times += others
        #expect(times[.products] == .seconds(5) && times[.rest] == .seconds(2))
        #expect(times[.attention] == .zero && times.total == .seconds(7))
        #expect(OperationTimes.Kind.allCases.map { times[$0] }.reduce(.zero, +) == times.total)
    }

    @Test func `an operation has the time since the one before, or since the restart`() throws {
        let kernels = try KernelContext(pool: WorkerPool(threadCount: 1))
        let x = FloatMatrix(rows: 2, columns: 32)
        let norm = {
            kernels.rmsNorm(
                x, rows: 0..<2, weight: .init(repeating: 1, count: 32), epsilon: 1, into: x)
        }
        norm()
        #expect(kernels.stopClock() == OperationTimes())
        kernels.startClock()
        spin(for: .milliseconds(2))
        kernels.lap(.rest)
        spin(for: .milliseconds(3))
        kernels.restartClock()
        spin(for: .milliseconds(1))
        norm()
        let times = kernels.stopClock()
        #expect(times[.rest] >= .milliseconds(2) && times[.elementwise] >= .milliseconds(1))
        #expect(times[.products] == .zero && times[.waiting] == .zero)
        norm()
        #expect(kernels.stopClock() == OperationTimes())
    }

    private func spin(for duration: Duration) {
        let start = ContinuousClock.now
        while start.duration(to: .now) < duration {}
    }
}
