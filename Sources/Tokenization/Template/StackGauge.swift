/// Tells how much of the thread's stack is in use since the gauge was made.
///
/// Counting levels alone cannot keep recursion on the stack, because how large a level's frames are
/// depends on the build. Stacks grow towards lower addresses on every supported machine.
struct StackGauge {
    /// What may be used of the smallest stack that a thread of the server has, 512 KiB.
    static let maximumByteCount: UInt = 352 << 10

    private let base = Self.position()

    /// Whether there is stack left for going deeper.
    var hasRoom: Bool {
        let position = Self.position()
        return position >= base || base - position < Self.maximumByteCount
    }

    /// The address of a variable of this call, which is never read or written through.
    @inline(never)
    private static func position() -> UInt {
        var marker: UInt8 = 0
        return unsafe withUnsafeMutablePointer(to: &marker) { UInt(bitPattern: $0) }
    }
}
