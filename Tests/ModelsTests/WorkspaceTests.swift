import Checkpoints
import Testing

@testable import Models

@Suite struct WorkspaceTests {
    @Test func `a model of usual widths gets the rows that were asked for`() throws {
        let config = try ModelConfig(Checkpoint.open(path: Fixture(name: "qwen3-f32").path))
        #expect(Workspace.rowCount(config: config, maximumRowCount: 512) == 512)
        #expect(Workspace.rowCount(config: config, maximumRowCount: 1) == 1)
    }

    @Test func `absurd widths get fewer rows instead of all memory`() throws {
        var config = try ModelConfig(Checkpoint.open(path: Fixture(name: "qwen3-f32").path))
        config.intermediateSize = 1_048_576
        config.headCount = 1_024
        config.keyValueHeadCount = 1_024
        config.headSize = 1_024
        config.hiddenSize = 1
        let rows = Workspace.rowCount(config: config, maximumRowCount: 512)
        #expect((1..<32).contains(rows))
    }
}
