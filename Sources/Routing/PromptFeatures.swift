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
    /// Where a text has digits, only its sentences with digits count: instructions about the form
    /// of an answer, which callers add or leave out, say nothing about the work.
    ///
    /// - Parameter text: The question.
    /// - Returns: As many as ``names``, all finite.
    public static func values(of text: String) -> [Double] {
        var counts = Counts()
        var all = Counts()
        var sentence = Counts()
        var ends = false
        for byte in text.utf8 {
            let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
            // A point inside a number ends nothing.
            if ends && isSpace || byte == 0x0A {
                if sentence.numbers > 0 { counts.add(sentence) }
                all.add(sentence)
                sentence = Counts()
            }
            sentence.take(byte, isSpace: isSpace)
            ends = [UInt8(ascii: "."), UInt8(ascii: "?"), UInt8(ascii: "!")].contains(byte)
        }
        if sentence.numbers > 0 { counts.add(sentence) }
        all.add(sentence)
        return (counts.numbers > 0 ? counts : all).values
    }

    /// What is counted of a sentence, or of several.
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

        mutating func add(_ sentence: Counts) {
            var sentence = sentence
            sentence.endNumber()
            guard sentence.words > 0 else { return }
            words += sentence.words
            sentences += 1
            operators += sentence.operators
            bytes += sentence.bytes
            numbers += sentence.numbers
            digits += sentence.digits
            longest = max(longest, sentence.longest)
            logs += sentence.logs
            largest = max(largest, sentence.largest)
        }

        var values: [Double] {
            [
                1, log(1 + Double(words)), log(1 + Double(numbers)), Double(numbers),
                Double(sentences), Double(digits), Double(longest), Double(operators),
                log(1 + Double(bytes)), Double(digits) / Double(max(numbers, 1)), logs, largest,
            ]
        }

        private static let operatorBytes = Set("+-*/^=()".utf8)
    }
}
