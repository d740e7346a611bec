/// Where the weights of a family's members come from.
protocol MemberSource: Sendable {
    /// What callers know a member by.
    func name(of member: Int) -> String
    /// Bytes that a member's weights take in memory.
    func byteCount(of member: Int) -> Int
    /// Brings a member's weights into memory; called for one member at a time.
    func load(_ member: Int) throws(ModelLoadingError)
    /// Gives a member's memory back.
    func drop(_ member: Int)
}
