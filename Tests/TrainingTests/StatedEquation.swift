import Training

/// An equation as a trace states it, found without the code that wrote it.
struct StatedEquation: Equatable {
    /// Its left side, such as `134+187`, or `3+8+1` in a column.
    let work: String
    let value: Int
    let rest: Int
    /// Where the value's digits lie in the text.
    let valueRange: Range<Int>

    /// Whether it is true: whole quotients leave the rest that is stated.
    var isTrue: Bool {
        guard let (result, rest) = Self.value(of: work) else { return false }
        return result == value && rest == self.rest
    }

    /// Result and rest of a chain of sums, differences and products, or of one quotient.
    static func value(of work: String) -> (Int, rest: Int)? {
        if let slash = work.firstIndex(of: "/") {
            guard let left = Int(work[..<slash]), let right = Int(work[work.index(after: slash)...])
            else { return nil }
            return (left / right, left % right)
        }
        var (sum, term, sign, digits) = (0, 1, 1, "")
        for character in work + "+" {
            guard "+-*".contains(character) else {
                digits.append(character)
                continue
            }
            guard let number = Int(digits) else { return nil }
            (term, digits) = (term * number, "")
            if character != "*" {
                sum += sign * term
                (term, sign) = (1, character == "-" ? -1 : 1)
            }
        }
        return (sum, 0)
    }

    /// Everything of the form `work=value`, and `work: ..., so value`, of one line, which begins
    /// at `offset` of the text.
    static func all(in line: String, at offset: Int) -> [StatedEquation] {
        let bytes = Array(line.utf8)
        var found: [StatedEquation] = []
        var columnsOf: String?
        func isDigit(_ index: Int) -> Bool {
            bytes.indices.contains(index) && (48...57).contains(bytes[index])
        }
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        /// The run of digits and signs that ends before `end`.
        func work(before end: Int) -> String {
            var start = end
            while start > 0, isDigit(start - 1) || "+-*/".utf8.contains(bytes[start - 1]) {
                start -= 1
            }
            return text(start..<end)
        }
        func state(_ work: String, from start: Int) {
            var end = start
            while isDigit(end) { end += 1 }
            guard let value = Int(text(start..<end)) else { return }
            var rest = 0
            if bytes[end...].starts(with: " rest ".utf8) {
                rest = Int(text(end + 6..<bytes.count).prefix { $0.isNumber }) ?? -1
            }
            found.append(
                StatedEquation(
                    work: work, value: value, rest: rest,
                    valueRange: offset + start..<offset + end))
        }
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: "=") {
                state(work(before: index), from: index + 1)
            } else if bytes[index] == UInt8(ascii: ":"), isDigit(index - 1) {
                columnsOf = work(before: index)
            } else if bytes[index...].starts(with: "so ".utf8), isDigit(index + 3),
                let work = columnsOf
            {
                state(work, from: index + 3)
                columnsOf = nil
            }
        }
        return found
    }
}

/// A trace taken apart.
struct ParsedTrace {
    struct Line {
        let text: String
        let range: Range<Int>
        let equations: [StatedEquation]
    }

    let lines: [Line]
    /// Where the text is not learned.
    let masked: [Range<Int>]

    init(_ trace: Trace) {
        var (lines, start) = ([Line](), 0)
        for part in trace.text.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = String(part)
            lines.append(
                Line(
                    text: text, range: start..<start + text.utf8.count,
                    equations: StatedEquation.all(in: text, at: start)))
            start += text.utf8.count + 1
        }
        self.lines = lines
        var (masked, end) = ([Range<Int>](), 0)
        for segment in trace.segments {
            let range = end..<end + segment.text.utf8.count
            if !segment.isLearned { masked.append(range) }
            end = range.upperBound
        }
        self.masked = masked
    }

    func isMasked(_ range: Range<Int>) -> Bool { masked.contains { $0.overlaps(range) } }
}
