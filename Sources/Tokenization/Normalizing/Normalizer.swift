/// What is done to text before it is cut: steps in order.
struct Normalizer: Sendable {
    /// One step.
    enum Step: Sendable {
        case form(NormalForms.Form)
        case lowercase
        case replace(Splitter, content: String)
        case prepend(String)
        case strip(left: Bool, right: Bool)
    }

    var steps: [Step]

    /// Whether `normalize` would surely give the same text back.
    func leavesAlone(_ text: Span<UInt8>) -> Bool {
        for step in steps {
            guard case .form(.canonicalComposed) = step, NormalForms.isStable(text) else {
                return false
            }
        }
        return true
    }

    /// The text after every step.
    func normalize(_ text: consuming [UInt8]) -> [UInt8] {
        var text = text
        for step in steps {
            switch step {
            case .form(let form):
                if form == .canonicalComposed, NormalForms.isStable(text.span) { continue }
                text = NormalForms.tables.normalize(text.span, to: form)
            case .lowercase:
                text = lowercased(text)
            case .replace(let splitter, let content):
                text = replaced(text, splitter, Array(content.utf8))
            case .prepend(let prefix):
                if !text.isEmpty { text.insert(contentsOf: prefix.utf8, at: 0) }
            case .strip(let left, let right):
                text = stripped(text, left: left, right: right)
            }
        }
        return text
    }

    /// Each code point by its own full mapping, without regard to its neighbours.
    private func lowercased(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            if scalar.isASCII {
                let byte = UInt8(truncatingIfNeeded: scalar.value)
                result.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
            } else {
                result.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            }
        }
        return result
    }

    private func replaced(_ text: [UInt8], _ splitter: Splitter, _ content: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var memory = Pattern.Memory()
        var matches = MatchWalk(0..<text.count)
        var start = 0
        guard !text.isEmpty else { return text }
        while let match = matches.next(splitter, text.span, memory: &memory) {
            result.append(contentsOf: text[start..<match.lowerBound])
            result.append(contentsOf: content)
            start = match.upperBound
        }
        result.append(contentsOf: text[start...])
        return result
    }

    private func stripped(_ text: [UInt8], left: Bool, right: Bool) -> [UInt8] {
        let table = UnicodeClasses.table
        let span = text.span
        var start = 0
        var end = text.count
        func isSpace(_ index: Int) -> Bool {
            1 << UInt32(table[Int(decodeScalar(span, index).value)] & 31)
                & UnicodeClasses.whiteSpace != 0
        }
        while left, start < end, isSpace(start) { start += decodeScalar(span, start).length }
        while right, end > start {
            let last = previousScalar(span, end)
            guard isSpace(last) else { break }
            end = last
        }
        return Array(text[start..<end])
    }
}
