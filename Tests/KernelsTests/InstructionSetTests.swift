import Kernels
import Testing

@Suite struct InstructionSetTests {
    @Test func `the plain set is always there and the detected one is available`() {
        #expect(InstructionSet.available.first == .ref)
        #expect(InstructionSet.detected.isAvailable)
    }

    @Test func `a name that cannot run is refused with the choices`() throws {
        #expect(try InstructionSet.named("") == .detected)
        #expect(try InstructionSet.named("ref") == .ref)
        let foreign = InstructionSet.allCases.filter { !$0.isAvailable }.map(\.rawValue)
        for name in ["sse9", "AVX2"] + foreign {
            let error = #expect(throws: KernelError.self) { try InstructionSet.named(name) }
            #expect(error?.description.contains("\"\(name)\"") == true)
            #expect(error?.description.contains("ref") == true)
        }
    }
}
