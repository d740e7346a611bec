/// English number words, from zero to the trillions.
enum NumberWords {
    private static let small: [String: Int] = [
        "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
        "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
        "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
        "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
        "seventy": 70, "eighty": 80, "ninety": 90,
    ]

    private static let large: [String: Int] = [
        "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000,
    ]

    /// The number that an answer spells out and nothing else.
    static func value(of text: String) -> Int? {
        guard text.utf8.count <= 120 else { return nil }
        let bare = text.lowercased().filter { $0 != "$" && $0 != "." }
        var words = bare.split { " -{}\\".contains($0) }.filter { $0 != "and" && $0 != "text" }
        let isNegative = words.first == "minus" || words.first == "negative"
        if isNegative { words.removeFirst() }
        guard !words.isEmpty, words.count <= 16 else { return nil }
        var (total, group) = (0, 0)
        for word in words {
            let word = String(word)
            if let value = small[word] {
                group += value
            } else if word == "hundred" {
                group = max(group, 1) * 100
            } else if let scale = large[word] {
                total += max(group, 1) * scale
                group = 0
            } else {
                return nil
            }
            // Sixteen words stay far from overflow as long as no group grows past this.
            guard group <= 100_000 else { return nil }
        }
        return isNegative ? -(total + group) : total + group
    }
}
