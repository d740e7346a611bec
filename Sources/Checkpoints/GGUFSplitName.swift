/// The name of one file of a split GGUF model: `prefix-00002-of-00005.gguf`.
struct GGUFSplitName: Sendable, Equatable {
    private let prefix: String

    /// Which file of the set this is, from 1.
    let number: Int

    /// How many files the set has.
    let count: Int

    /// Takes a path apart; nil where it does not have this form.
    init?(path: String) {
        guard path.hasSuffix(".gguf") else { return nil }
        let parts = path.dropLast(5).split(
            separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[parts.count - 2] == "of",
            let number = Self.number(parts[parts.count - 3]),
            let count = Self.number(parts[parts.count - 1]), number >= 1, number <= count
        else { return nil }
        prefix = parts.dropLast(3).joined(separator: "-")
        self.number = number
        self.count = count
    }

    /// The path of another file of the set.
    func path(number: Int) -> String {
        "\(prefix)-\(Self.padded(number))-of-\(Self.padded(count)).gguf"
    }

    /// `number` with the five digits that the names have.
    static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.count == 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}
