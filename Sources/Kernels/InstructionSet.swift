import CKernels
import Glibc

/// A family of instructions that the arithmetic is written in.
///
/// All of them compute the same bits; they differ in speed alone.
public enum InstructionSet: String, Sendable, CaseIterable {
    /// Portable scalar C, the reference of the others.
    case ref
    /// x86-64 with AVX2, FMA and F16C.
    case avx2
    /// `avx2`, and packed products with AVX-VNNI.
    case avx2vnni
    /// x86-64 with AVX-512 F, BW, VL and DQ.
    case avx512
    /// `avx512`, and packed products with VNNI.
    case avx512vnni
    /// `avx512vnni`, and packed products of bf16 with BF16.
    case avx512bf16
    /// AArch64.
    case neon
    /// `neon`, and packed products with the dot products of Armv8.2.
    case neondot

    /// The number that the C functions know this set by.
    var code: Int32 {
        switch self {
        case .ref: Int32(CK_ISA_REF)
        case .avx2: Int32(CK_ISA_AVX2)
        case .avx2vnni: Int32(CK_ISA_AVX2_VNNI)
        case .avx512: Int32(CK_ISA_AVX512)
        case .avx512vnni: Int32(CK_ISA_AVX512_VNNI)
        case .avx512bf16: Int32(CK_ISA_AVX512_BF16)
        case .neon: Int32(CK_ISA_NEON)
        case .neondot: Int32(CK_ISA_NEON_DOT)
        }
    }

    /// Whether this processor has the instructions and the system saves their registers.
    public var isAvailable: Bool { ck_isa_supported(code) }

    /// What this processor can run, slowest first.
    public static let available: [InstructionSet] = allCases.filter(\.isAvailable)

    /// The fastest available set.
    public static let detected: InstructionSet = available.last ?? .ref

    /// The set that the environment variable `LACONIC_ISA` names, else the detected one.
    ///
    /// - Returns: An available set.
    /// - Throws: `instructionSetUnavailable` when the variable names anything else.
    public static func configured() throws(KernelError) -> InstructionSet {
        guard let value = unsafe getenv("LACONIC_ISA") else { return detected }
        return try named(unsafe String(cString: value))
    }

    /// The available set called `name`; the empty name stands for the detected one.
    ///
    /// - Parameter name: A raw value of this type.
    /// - Returns: An available set.
    /// - Throws: `instructionSetUnavailable`.
    public static func named(_ name: String) throws(KernelError) -> InstructionSet {
        if name.isEmpty { return detected }
        guard let set = InstructionSet(rawValue: name), set.isAvailable else {
            throw .instructionSetUnavailable(name: name, available: available)
        }
        return set
    }
}
