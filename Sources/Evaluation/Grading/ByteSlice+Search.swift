/// Searching for short phrases in UTF-8 text.
///
/// Answers are found in traces of megabytes; characters would cost a breakdown into graphemes.
extension ArraySlice<UInt8> {
    /// Where the first occurrence of a phrase starts.
    func firstStart(of phrase: String) -> Int? {
        let phrase = Array(phrase.utf8)
        guard phrase.count <= count else { return nil }
        return (startIndex...(endIndex - phrase.count)).first { holds(phrase, at: $0) }
    }

    /// The index behind the first occurrence of a phrase.
    func firstEnd(of phrase: String) -> Int? {
        firstStart(of: phrase).map { $0 + phrase.utf8.count }
    }

    /// The index behind the last occurrence of a phrase.
    func lastEnd(of phrase: String) -> Int? {
        let bytes = Array(phrase.utf8)
        guard bytes.count <= count else { return nil }
        return (startIndex...(endIndex - bytes.count)).last { holds(bytes, at: $0) }
            .map { $0 + bytes.count }
    }

    /// The slice without blanks at its ends.
    func trimmingBlanks() -> Self {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let rest = drop(while: isBlank)
        guard let last = rest.lastIndex(where: { !isBlank($0) }) else { return rest }
        return rest[...last]
    }

    private func holds(_ phrase: [UInt8], at start: Int) -> Bool {
        for offset in phrase.indices where self[start + offset] != phrase[offset] {
            return false
        }
        return true
    }
}
