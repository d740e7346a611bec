import CSystem
import Glibc

/// A descriptor with exactly one owner; closed when the owner goes.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The kernel's number, valid as long as this value lives.
    public let number: Int32

    /// Takes ownership.
    ///
    /// - Parameter number: An open descriptor that nobody else closes.
    public init(owning number: Int32) {
        precondition(number >= 0, "descriptor \(number) is not open")
        self.number = number
    }

    deinit {
        // Linux frees the number even where close reports EINTR: a second try could hit another's.
        _ = close(number)
    }
}
