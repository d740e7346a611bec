#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a question's text says about the work it asks for, without a model.
public enum PromptFeatures {
    /// What each number is, in order.
    public static let names = [
        "one", "log_words", "log_numbers", "numbers", "sentences", "digits", "longest_number",
        "operators", "log_bytes", "mean_digits", "log_values", "largest_log_value",
    ]

    /// The numbers of a text.
    ///
    /// - Parameter text: The question.
    /// - Returns: As many as ``names``, all finite.
    public static func values(of text: String) -> [Double] {
        var (words, sentences, operators, bytes) = (0, 0, 0, 0)
        var numbers: [(digits: Int, value: Double)] = []
        var (inWord, inNumber) = (false, false)
        for byte in text.utf8 {
            bytes += 1
            let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
            if !isSpace, !inWord { words += 1 }
            inWord = !isSpace
            let isDigit = (0x30...0x39).contains(byte)
            if isDigit {
                if !inNumber { numbers.append((0, 0)) }
                let last = numbers.count - 1
                numbers[last].digits += 1
                // Past twenty digits a number is a name.
                if numbers[last].digits <= 20 {
                    numbers[last].value = numbers[last].value * 10 + Double(byte - 0x30)
                }
            }
            inNumber = isDigit
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "?"), UInt8(ascii: "!"): sentences += 1
            case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"),
                UInt8(ascii: "^"), UInt8(ascii: "="), UInt8(ascii: "("), UInt8(ascii: ")"):
                operators += 1
            default: break
            }
        }
        let digits = numbers.reduce(0) { $0 + $1.digits }
        let logs = numbers.map { log(1 + $0.value) }
        return [
            1, log(1 + Double(words)), log(1 + Double(numbers.count)), Double(numbers.count),
            Double(sentences), Double(digits), Double(numbers.map(\.digits).max() ?? 0),
            Double(operators), log(1 + Double(bytes)),
            Double(digits) / Double(max(numbers.count, 1)), logs.reduce(0, +), logs.max() ?? 0,
        ]
    }
}
