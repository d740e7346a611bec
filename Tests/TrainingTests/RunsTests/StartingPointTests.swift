import Models
import Testing

@testable import Training

@Suite struct StartingPointTests {
    @Test func `a large model's batches are as small as 2 GiB of activations need`() throws {
        let config = try TinyNetwork.config(hiddenSize: 2048, layers: 24)
        let rows = StartingPoint.rowCapacity(config, wanted: 8192, longestSequence: 100)
        let bytes = TrainableNetwork.activationByteCount(config: config, rowCount: rows)
        #expect((2000 << 20...2056 << 20).contains(bytes))
    }

    @Test func `the longest sequence fits, whatever it takes`() throws {
        let config = try TinyNetwork.config(hiddenSize: 2048, layers: 24)
        #expect(StartingPoint.rowCapacity(config, wanted: 8192, longestSequence: 6000) == 6000)
    }

    @Test func `a small model's batches are as large as asked`() throws {
        let config = try TinyNetwork.config()
        #expect(StartingPoint.rowCapacity(config, wanted: 8192, longestSequence: 100) == 8192)
    }
}
