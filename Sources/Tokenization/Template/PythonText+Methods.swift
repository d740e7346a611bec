extension PythonText {
    /// Which ends of a string are stripped.
    enum Side {
        case both, leading, trailing
    }

    static func stripped(_ text: String, characters: String?, side: Side = .both) -> String {
        let set = characters.map { Set($0.unicodeScalars) }
        func isStripped(_ scalar: Unicode.Scalar) -> Bool {
            set.map { $0.contains(scalar) } ?? isSpace(scalar)
        }
        var view = text.unicodeScalars[...]
        if side != .trailing {
            while let first = view.first, isStripped(first) { view.removeFirst() }
        }
        if side != .leading {
            while let last = view.last, isStripped(last) { view.removeLast() }
        }
        return String(view)
    }

    /// The byte offset of `needle` in `text` at or after `start`; nil if there is none.
    static func offset(of needle: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        guard let first = needle.first else { return start <= text.count ? start : nil }
        guard needle.count <= text.count else { return nil }
        var index = start
        let last = text.count - needle.count
        while index <= last {
            if text[index] == first, text[index..<index + needle.count].elementsEqual(needle) {
                return index
            }
            index += 1
        }
        return nil
    }

    static func contains(_ text: String, _ needle: String) -> Bool {
        if needle.isEmpty { return true }
        return offset(of: Array(needle.utf8), in: Array(text.utf8), from: 0) != nil
    }

    private static func string(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// `split` at a separator that is not empty.
    static func split(_ text: String, separator: String, maximum: Int) -> [String] {
        let bytes = Array(text.utf8)
        let needle = Array(separator.utf8)
        var parts: [String] = []
        var start = 0
        while maximum < 0 || parts.count < maximum,
            let found = offset(of: needle, in: bytes, from: start)
        {
            parts.append(string(bytes[start..<found]))
            start = found + needle.count
        }
        parts.append(string(bytes[start...]))
        return parts
    }

    /// `rsplit` at a separator that is not empty.
    static func splitFromEnd(_ text: String, separator: String, maximum: Int) -> [String] {
        let bytes = Array(text.utf8)
        let needle = Array(separator.utf8)
        var parts: [String] = []
        var end = bytes.count
        while maximum < 0 || parts.count < maximum, end >= needle.count {
            var start = end - needle.count
            while start >= 0, !bytes[start..<start + needle.count].elementsEqual(needle) {
                start -= 1
            }
            guard start >= 0 else { break }
            parts.append(string(bytes[start + needle.count..<end]))
            end = start
        }
        parts.append(string(bytes[..<end]))
        return parts.reversed()
    }

    /// `split` at runs of white space.
    static func splitWords(_ text: String, maximum: Int) -> [String] {
        var view = text.unicodeScalars[...]
        var parts: [String] = []
        while true {
            while let first = view.first, isSpace(first) { view.removeFirst() }
            guard !view.isEmpty else { return parts }
            if maximum >= 0, parts.count == maximum {
                parts.append(String(view))
                return parts
            }
            let end = view.firstIndex(where: isSpace) ?? view.endIndex
            parts.append(String(view[..<end]))
            view = view[end...]
        }
    }

    /// `rsplit` at runs of white space.
    static func splitWordsFromEnd(_ text: String, maximum: Int) -> [String] {
        var view = text.unicodeScalars[...]
        var parts: [String] = []
        while true {
            while let last = view.last, isSpace(last) { view.removeLast() }
            guard !view.isEmpty else { break }
            if maximum >= 0, parts.count == maximum {
                parts.append(String(view))
                break
            }
            let start =
                view.lastIndex(where: isSpace).map { view.index(after: $0) } ?? view.startIndex
            parts.append(String(view[start...]))
            view = view[..<start]
        }
        return parts.reversed()
    }

    static func lines(_ text: String, keepsEnds: Bool = false) -> [String] {
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            defer { previous = scalar }
            if scalar == "\n", previous == "\r" {
                if keepsEnds, let last = lines.indices.last {
                    lines[last].unicodeScalars.append(scalar)
                }
                continue
            }
            guard isLineEnd(scalar) else {
                line.append(scalar)
                continue
            }
            if keepsEnds { line.append(scalar) }
            lines.append(String(line))
            line = String.UnicodeScalarView()
        }
        if !line.isEmpty { lines.append(String(line)) }
        return lines
    }

    // MARK: Case

    static func uppercased(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.uppercased() }
        var result = ""
        for scalar in text.unicodeScalars { result += scalar.properties.uppercaseMapping }
        return result
    }

    static func lowercased(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.lowercased() }
        let scalars = Array(text.unicodeScalars)
        var result = ""
        for index in scalars.indices { result += lowercase(scalars, at: index) }
        return result
    }

    /// The lower case of one of `scalars`; a sigma at the end of a word has its own.
    private static func lowercase(_ scalars: [Unicode.Scalar], at index: Int) -> String {
        let scalar = scalars[index]
        guard scalar == "\u{3A3}" else { return scalar.properties.lowercaseMapping }
        let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
        let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        let isFinal =
            before?.properties.isCased == true && after?.properties.isCased != true
        return isFinal ? "\u{3C2}" : "\u{3C3}"
    }

    static func capitalized(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var result = ""
        for index in scalars.indices {
            result +=
                index == 0
                ? scalars[0].properties.titlecaseMapping : lowercase(scalars, at: index)
        }
        return result
    }

    /// `str.title`: every run of cased characters starts with a capital.
    static func titlecased(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var result = ""
        var followsCased = false
        for index in scalars.indices {
            result +=
                followsCased
                ? lowercase(scalars, at: index) : scalars[index].properties.titlecaseMapping
            followsCased = scalars[index].properties.isCased
        }
        return result
    }

    static func swappedCase(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var result = ""
        for index in scalars.indices {
            let properties = scalars[index].properties
            if properties.isUppercase {
                result += lowercase(scalars, at: index)
            } else if properties.isLowercase {
                result += properties.uppercaseMapping
            } else {
                result.unicodeScalars.append(scalars[index])
            }
        }
        return result
    }

    /// The `title` filter: words start after blanks, hyphens and opening brackets.
    static func titledWords(_ text: String) -> String {
        var result = ""
        var startsWord = true
        var rest = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isBreak = "-({[<".unicodeScalars.contains(scalar) || isSpace(scalar)
            if startsWord || isBreak {
                result += lowercased(String(rest))
                rest = String.UnicodeScalarView()
                result += isBreak ? String(scalar) : scalar.properties.uppercaseMapping
                startsWord = isBreak
            } else {
                rest.append(scalar)
            }
        }
        return result + lowercased(String(rest))
    }

    // MARK: Questions

    static func isUppercase(_ text: String) -> Bool {
        var hasCased = false
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            if properties.isLowercase || properties.generalCategory == .titlecaseLetter {
                return false
            }
            if properties.isUppercase { hasCased = true }
        }
        return hasCased
    }

    static func isLowercase(_ text: String) -> Bool {
        var hasCased = false
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            if properties.isUppercase || properties.generalCategory == .titlecaseLetter {
                return false
            }
            if properties.isLowercase { hasCased = true }
        }
        return hasCased
    }

    static func isTitle(_ text: String) -> Bool {
        var hasCased = false
        var followsCased = false
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            if properties.isUppercase || properties.generalCategory == .titlecaseLetter {
                if followsCased { return false }
                followsCased = true
                hasCased = true
            } else if properties.isLowercase {
                if !followsCased { return false }
                hasCased = true
            } else {
                followsCased = false
            }
        }
        return hasCased
    }

    static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.numericType {
        case .decimal, .digit: true
        default: false
        }
    }

    static func isIdentifier(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first else { return false }
        return (first == "_" || first.properties.isXIDStart)
            && text.unicodeScalars.dropFirst().allSatisfy { $0.properties.isXIDContinue }
    }
}
