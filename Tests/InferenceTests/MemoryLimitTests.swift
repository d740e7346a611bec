import Checkpoints
import Kernels
import Models
import Testing

@testable import Inference

@Suite struct MemoryLimitTests {
    /// A checkpoint of f32 matrices, some 80 KB.
    private let tiny: TinyCheckpoint
    private let inspection: ModelInspection

    init() throws {
        tiny = try TinyCheckpoint()
        inspection = try ModelInspection(try Checkpoint.open(path: tiny.path))
    }

    private func check(
        _ options: LoadOptions, copies: Int, free: Int
    ) -> (any Error)? {
        do throws(ModelLoadingError) {
            try options.checkMemory(
                for: inspection, copies: copies, at: "/srv/m",
                free: AvailableMemory(byteCount: free, limit: "/g/memory.max, which is 9000,"))
            return nil
        } catch {
            return error
        }
    }

    @Test func `mapped matrices take no memory, copies and vectors do`() {
        let all = inspection.loadedByteCount(as: .stored)
        let mapped = inspection.copiedByteCount(as: .stored)
        #expect(0 < mapped && mapped < all / 10)
        #expect(inspection.copiedByteCount(as: .bf16) == inspection.loadedByteCount(as: .bf16))
    }

    @Test func `weights that fit to the byte are taken, and one more is refused`() {
        #expect(check(LoadOptions(), copies: 5000, free: 5000) == nil)
        let error = check(LoadOptions(), copies: 5001, free: 5000)
        let text = "\(error.map { "\($0)" } ?? "none")"
        #expect(text.contains("/srv/m") && text.contains("5001 bytes"))
        #expect(text.contains("/g/memory.max, which is 9000, leaves 5000 bytes"))
    }

    @Test func `a cache that was asked for counts, up to what it would really take`() {
        var options = LoadOptions()
        options.keyValueMemory = 4000
        #expect(check(options, copies: 1000, free: 5000) == nil)
        #expect(check(options, copies: 1001, free: 5000) != nil)
        options.keyValueMemory = 1 << 50
        #expect(check(options, copies: 0, free: 1 << 40) == nil)
    }
}
