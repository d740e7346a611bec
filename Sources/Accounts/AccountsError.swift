/// Why keys cannot be read or usage not be kept, in one line that names the file.
public struct AccountsError: Error, Equatable, CustomStringConvertible {
    /// The line.
    public let description: String

    /// An error of this description.
    public init(_ description: String) {
        self.description = description
    }
}
