import Kernels
import TestSupport
import Testing

@Suite struct MatMulTests {
    @Test func `a product of known numbers is right`() throws {
        let context = try KernelContext(pool: WorkerPool(threadCount: 2))
        let x = FloatMatrix([1, 2, 3, 4, 5, 6], rows: 2, columns: 3)
        let w = try TensorView([1, 0, 2, 0, 1, 0], shape: [2, 3])
        let out = FloatMatrix(rows: 2, columns: 2)
        context.matmul(x, rows: 0..<2, weights: w, bias: [10, 20], into: out)
        #expect(out.floats() == [17, 22, 26, 25])
    }
}
