import Kernels
import TestSupport
import Testing

/// Runs an operation on the plain instruction set and one thread, then on every other combination,
/// and expects the same bits.
///
/// - Parameters:
///   - comment: What was computed, for the message of a failure.
///   - operation: Computes from the same inputs each time.
/// - Returns: The bits.
/// - Throws: What the operation does.
@discardableResult
func expectSameBits(
    _ comment: String, _ operation: (KernelContext) throws -> [UInt32]
) throws -> [UInt32] {
    let pools = try Pools.all.get()
    let plain = try KernelContext(pool: pools[0], instructionSet: .ref)
    let expected = try operation(plain)
    for set in InstructionSet.available {
        for pool in set == .ref ? [pools[2]] : pools {
            let context = try KernelContext(pool: pool, instructionSet: set)
            let found = try operation(context)
            #expect(
                firstDifference(found, expected) == nil,
                "\(set), \(pool.threadCount) threads: \(comment)")
        }
    }
    return expected
}

/// Workers that tests share, since starting threads takes longer than most operations.
enum Pools {
    static let all = Result { try [1, 2, 3].map { try WorkerPool(threadCount: $0) } }
}

/// The slopes of a function in f64, by central differences.
func slopes(of function: ([Double]) -> Double, at point: [Double]) -> [Double] {
    var point = point
    return point.indices.map { index in
        let (value, step) = (point[index], 1e-5)
        point[index] = value + step
        let above = function(point)
        point[index] = value - step
        let below = function(point)
        point[index] = value
        return (above - below) / (2 * step)
    }
}

/// Expects every value within `tolerance` of the largest expected size.
func expectClose(
    _ found: [Float], _ expected: [Double], tolerance: Double, _ comment: String
) {
    #expect(found.count == expected.count, "\(comment)")
    let size = expected.map(abs).max() ?? 0
    let error = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(error <= tolerance * size, "\(comment): \(error) of \(size)")
}

extension FloatMatrix {
    /// Every element in f64.
    var doubles: [Double] { floats().map(Double.init) }
}

extension FloatBuffer {
    /// A buffer that holds `values`.
    convenience init(_ values: [Float]) {
        self.init(count: values.count)
        set(values)
    }

    /// Every element's bits.
    var bits: [UInt32] { floats(0..<count).map(\.bitPattern) }
}
