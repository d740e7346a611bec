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
        "one", "words", "sentences", "bytes", "log_numbers", "numbers", "digits",
        "longest_number", "operators", "mean_digits", "log_values", "largest_log_value",
        "asks_for_box",
    ]

    /// The numbers of a text.
    ///
    /// What an instruction about the form of an answer adds to the counts is one constant, which
    /// the last number takes back: callers add the instruction or leave it out.
    ///
    /// - Parameter text: The question.
    /// - Returns: As many as ``names``, all finite.
    public static func values(of text: String) -> [Double] {
        var counts = Counts()
        for byte in text.utf8 {
            counts.take(byte, isSpace: byte == 0x20 || (0x09...0x0D).contains(byte))
        }
        return counts.values + [text.contains("\\boxed") ? 1 : 0]
    }

    /// What is counted of a text.
    private struct Counts {
        var (words, sentences, operators, bytes) = (0, 0, 0, 0)
        var (numbers, digits, longest) = (0, 0, 0)
        var (logs, largest) = (0.0, 0.0)
        private var (inWord, run) = (false, 0)
        private var value = 0.0

        mutating func take(_ byte: UInt8, isSpace: Bool) {
            bytes += 1
            if !isSpace, !inWord { words += 1 }
            inWord = !isSpace
            guard (0x30...0x39).contains(byte) else {
                endNumber()
                if Self.operatorBytes.contains(byte) { operators += 1 }
                if Self.endBytes.contains(byte) { sentences += 1 }
                return
            }
            run += 1
            digits += 1
            // Past twenty digits a number is a name.
            if run <= 20 { value = value * 10 + Double(byte - 0x30) }
            if run == 1 { numbers += 1 }
        }

        private mutating func endNumber() {
            guard run > 0 else { return }
            longest = max(longest, run)
            logs += log(1 + value)
            largest = max(largest, log(1 + value))
            (run, value) = (0, 0)
        }

        var values: [Double] {
            var counts = self
            counts.endNumber()
            return counts.finished
        }

        private var finished: [Double] {
            [
                1, Double(words), Double(sentences), Double(bytes), log(1 + Double(numbers)),
                Double(numbers), Double(digits), Double(longest), Double(operators),
                Double(digits) / Double(max(numbers, 1)), logs, largest,
            ]
        }

        private static let endBytes = Set(".?!".utf8)
        private static let operatorBytes = Set("+-*/^=()".utf8)
    }
}
