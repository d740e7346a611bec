import CKernels
import Kernels
import Testing

@Suite struct BandwidthTests {
    @Test(arguments: InstructionSet.available)
    func `every word is read`(instructionSet: InstructionSet) throws {
        let words = (0..<320).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 }
        let expected = words.reduce(0, ^)
        let code: Int32 =
            switch instructionSet {
            case .ref: Int32(CK_ISA_REF)
            case .avx2: Int32(CK_ISA_AVX2)
            case .avx2vnni: Int32(CK_ISA_AVX2_VNNI)
            case .avx512: Int32(CK_ISA_AVX512)
            case .avx512vnni: Int32(CK_ISA_AVX512_VNNI)
            case .avx512bf16: Int32(CK_ISA_AVX512_BF16)
            case .neon: Int32(CK_ISA_NEON)
            case .neondot: Int32(CK_ISA_NEON_DOT)
            }
        unsafe words.withUnsafeBytes {
            #expect(unsafe ck_read(code, $0.baseAddress, $0.count) == expected)
        }
    }

    @Test func `each pass is one sample`() throws {
        let kernels = try KernelContext(pool: try WorkerPool(threadCount: 2))
        let rates = kernels.measuredReadBandwidth(byteCount: 1 << 16, passes: 3, rounds: 2)
        #expect(rates.count == 3 && rates.allSatisfy { $0 > 0 && $0.isFinite })
    }

    @Test(arguments: InstructionSet.available)
    func `bytes have a peak of their own where the processor multiplies them`(
        instructionSet: InstructionSet
    ) throws {
        let kernels = try KernelContext(
            pool: try WorkerPool(threadCount: 1), instructionSet: instructionSet)
        let peak = kernels.measuredBytePeak()
        #expect((peak == nil) == [.ref, .neon].contains(instructionSet))
        // No processor does more than 2^13 operations in a nanosecond on one thread.
        #expect((peak ?? 1) > 0 && (peak ?? 1) < 0x1p13 * 1e9)
    }
}
