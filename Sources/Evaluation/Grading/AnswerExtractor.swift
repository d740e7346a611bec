/// Finds the final answer in what a model wrote.
///
/// The order of the rules is that of the Qwen2.5-Math lineage of checkers, so that a text yields
/// the answer that published accuracies were computed from.
public enum AnswerExtractor {
    /// How strictly a text must mark its answer.
    public enum Mode: Sendable, Hashable {
        /// Any of the rules below may find the answer.
        case evaluation

        /// Only one closed `\boxed{…}`, the only one after the only `</think>`.
        ///
        /// Rewards need this: under the lenient rules two boxes with different guesses, or a box
        /// within the thought, would be paid for.
        case training
    }

    /// Finds the final answer in a text.
    ///
    /// In evaluation mode, the first rule that applies decides:
    /// 1. the text between `final answer is $` and `$. I hope`;
    /// 2. what follows the last `boxed`: a braced group up to its matching brace (to the end where
    ///    there is none), or else everything up to the next `$`;
    /// 3. what follows the last `he answer is`, else the last `final answer is`, else `答案是`;
    /// 4. the last number, commas put aside.
    ///
    /// Newlines with the blanks after them, a leading colon and a trailing full stop or slash are
    /// not part of the answer. Takes time linear in the text.
    ///
    /// - Parameters:
    ///   - text: What the model wrote, thought included.
    ///   - mode: How strictly the text must mark its answer.
    /// - Returns: The answer, never empty; nil where there is none.
    public static func answer(in text: String, mode: Mode = .evaluation) -> String? {
        let bytes = Array(text.utf8)
        let marked =
            switch mode {
            case .evaluation: lenientAnswer(in: bytes[...])
            case .training: boxedAnswer(in: bytes[...])
            }
        guard let marked else { return nil }
        let answer = trimmed(marked)
        return answer.isEmpty ? nil : String(decoding: answer, as: UTF8.self)
    }

    private static func lenientAnswer(in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        if let start = text.firstEnd(of: "final answer is $"),
            text.firstEnd(of: "$. I hope") != nil
        {
            let rest = text[start...]
            return rest.firstStart(of: "$. I hope").map { rest[..<$0] } ?? rest
        }
        if let start = text.lastEnd(of: "boxed") {
            return boxContent(of: text[start...]).content
        }
        for phrase in ["he answer is", "final answer is"] {
            if let start = text.lastEnd(of: phrase) {
                return text[start...]
            }
        }
        if let start = text.firstEnd(of: "答案是") {
            let rest = text[start...]
            let paragraph = rest.drop { $0 == 0x20 || $0 == 0x0A }
            return paragraph.firstStart(of: "\n\n").map { paragraph[..<$0] } ?? paragraph
        }
        return lastNumber(in: text)
    }

    private static func boxedAnswer(in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let start = text.firstEnd(of: "</think>") else { return nil }
        let reply = text[start...]
        guard reply.firstEnd(of: "</think>") == nil,
            let box = reply.firstEnd(of: "\\boxed"),
            box == reply.lastEnd(of: "boxed")
        else { return nil }
        let (content, isClosed) = boxContent(of: reply[box...])
        return isClosed ? content : nil
    }

    /// What a box holds, given the text behind the word `boxed`.
    private static func boxContent(
        of text: ArraySlice<UInt8>
    ) -> (content: ArraySlice<UInt8>, isClosed: Bool) {
        guard text.first == UInt8(ascii: "{") else {
            let end = text.firstIndex(of: UInt8(ascii: "$")) ?? text.endIndex
            return (text[..<end], false)
        }
        let inside = text.dropFirst()
        var depth = 1
        for index in inside.indices {
            switch inside[index] {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth -= 1
            default: break
            }
            if depth == 0 {
                return (inside[..<index], true)
            }
        }
        return (inside, false)
    }

    /// The last match of `-?\d*\.?\d+`, commas put aside.
    private static func lastNumber(in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let text = text.filter { $0 != UInt8(ascii: ",") }
        func isDigit(_ index: Int) -> Bool {
            index < text.count && (0x30...0x39).contains(text[index])
        }
        var last: Range<Int>?
        var index = 0
        while index < text.count {
            var end = index
            if text[end] == UInt8(ascii: "-") { end += 1 }
            let digits = end
            while isDigit(end) { end += 1 }
            if end < text.count, text[end] == UInt8(ascii: "."), isDigit(end + 1) {
                end += 1
                while isDigit(end) { end += 1 }
            }
            if end > digits {
                last = index..<end
                index = end
            } else {
                index += 1
            }
        }
        return last.map { text[$0] }
    }

    private static func trimmed(_ answer: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var lines: [UInt8] = []
        var isAfterNewline = false
        for byte in answer {
            let isBlank = byte == 0x20 || (0x09...0x0D).contains(byte)
            if byte == 0x0A {
                isAfterNewline = true
            } else if !(isAfterNewline && isBlank) {
                isAfterNewline = false
                lines.append(byte)
            }
        }
        var result = lines[...].trimmingBlanks()
        if result.first == UInt8(ascii: ":") { result = result.dropFirst() }
        if result.last == UInt8(ascii: ".") { result = result.dropLast() }
        if result.last == UInt8(ascii: "/") { result = result.dropLast() }
        return result.trimmingBlanks()
    }
}
