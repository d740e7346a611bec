/// What a full KV page holds, exactly: its own tokens and, through `parent`, all before them.
///
/// The usual design chains hashes of token blocks. This one chains serial numbers, and compares
/// the tokens themselves, so equal keys mean equal prefixes: no collision, crafted or not, can hand
/// one request the keys and values of another.
struct PrefixKey: Hashable, Sendable {
    /// The serial number of the empty prefix.
    static let root: UInt64 = 0

    /// The family member whose weights computed the page.
    let member: Int
    /// The serial number of the page before, `root` for the first page of a sequence.
    let parent: UInt64
    /// The tokens of the page, `pageSize` of them.
    let tokens: [Int32]
}
