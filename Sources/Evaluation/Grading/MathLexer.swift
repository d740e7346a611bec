/// Splits an answer, LaTeX or plain, into tokens.
///
/// Everything that changes how an answer looks and not what it means ends here: spacing, sizes,
/// dollar signs, fonts, thousands separators, Unicode twins of commands.
struct MathLexer {
    private let text: [Unicode.Scalar]
    private var index = 0
    private var bracketDepth = 0
    private var isSpaced = false
    private var groups: [GroupKind] = []
    private var proseDepth = 0
    private(set) var lexemes: [Lexeme] = []

    private enum GroupKind { case plain, font, prose }

    /// The tokens of a text, in time linear in its length.
    static func tokens(of text: String) -> [Lexeme] {
        var lexer = MathLexer(text: Array(text.unicodeScalars))
        while lexer.index < lexer.text.count {
            lexer.readNext()
        }
        return lexer.lexemes
    }

    private init(text: [Unicode.Scalar]) {
        self.text = text
    }

    private func scalar(at offset: Int) -> Unicode.Scalar? {
        index + offset < text.count ? text[index + offset] : nil
    }

    private func isDigit(at position: Int) -> Bool {
        position < text.count && ("0"..."9").contains(text[position])
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }

    private mutating func emit(_ token: MathToken) {
        lexemes.append(Lexeme(token: token, isSpaced: isSpaced))
        isSpaced = false
    }

    private mutating func readNext() {
        let scalar = text[index]
        switch scalar {
        case " ", "\t", "\n", "\r", "~", "\u{A0}", "\u{2009}", "\u{202F}":
            isSpaced = true
            index += 1
        case "0"..."9": readNumber()
        case "." where isDigit(at: index + 1) || isOverline(at: index + 1): readNumber()
        case "\\": readCommand()
        case "a"..."z", "A"..."Z": readWord()
        case "{":
            emit(.openGroup)
            groups.append(.plain)
            index += 1
        case "}":
            closeGroup()
            index += 1
        case "^": readCaret()
        default: readSign(scalar)
        }
    }

    private mutating func closeGroup() {
        switch groups.popLast() ?? .plain {
        case .plain: emit(.closeGroup)
        case .font: break
        case .prose:
            proseDepth -= 1
            isSpaced = true
        }
    }

    private mutating func readSign(_ scalar: Unicode.Scalar) {
        index += 1
        switch scalar {
        case "(", "[":
            bracketDepth += 1
            emit(.sign(scalar))
        case ")", "]":
            bracketDepth -= 1
            emit(.sign(scalar))
        case "*" where self.scalar(at: 0) == "*":
            index += 1
            emit(.sign("^"))
        case "<" where self.scalar(at: 0) == "=":
            index += 1
            emit(.sign("≤"))
        case ">" where self.scalar(at: 0) == "=":
            index += 1
            emit(.sign("≥"))
        case "$", ".", "'", "\"", "`", "?", "\u{2019}", "\u{201C}", "\u{201D}", "€", "£", "¥":
            break
        default:
            if let token = MathSpelling.unicodeTokens[scalar] {
                token.forEach { emit($0) }
            } else if MathSpelling.signs.contains(scalar) {
                emit(.sign(scalar))
            } else {
                emit(.letter(String(scalar)))
            }
        }
    }

    /// A degree sign may be written as an exponent.
    private mutating func readCaret() {
        let rest = text[(index + 1)...].prefix(16).filter { $0 != " " }
        for spelling in ["{\\circ}", "\\circ", "{\\degree}", "°", "{°}"]
        where rest.starts(with: spelling.unicodeScalars) {
            emit(.sign("°"))
            var left = spelling.unicodeScalars.count
            index += 1
            while left > 0, index < text.count {
                if text[index] != " " { left -= 1 }
                index += 1
            }
            return
        }
        emit(.sign("^"))
        index += 1
    }

    // MARK: Numbers

    private mutating func digits() -> [UInt8] {
        let start = index
        while isDigit(at: index) { index += 1 }
        return text[start..<index].map { UInt8(truncatingIfNeeded: $0.value) }
    }

    private mutating func readNumber() {
        var whole = digits()
        if (1...3).contains(whole.count) {
            while let length = thousandsSeparator() {
                index += length
                whole += digits()
            }
        }
        var fraction: [UInt8] = []
        var repetend: [UInt8] = []
        if scalar(at: 0) == ".", isDigit(at: index + 1) || isOverline(at: index + 1) {
            index += 1
            fraction = digits()
            if isOverline(at: index) {
                repetend = readOverline()
            }
        }
        var exponent = 0
        if scalar(at: 0) == "e" || scalar(at: 0) == "E" {
            exponent = readExponent()
        }
        emit(
            .number(
                NumberLiteral(
                    whole: whole, fraction: fraction, exponent: exponent, repetend: repetend)))
    }

    /// The length of a separator that groups the three digits behind it with those before.
    private func thousandsSeparator() -> Int? {
        var position = index
        func skip(_ spelling: String) -> Bool {
            guard text[position...].starts(with: spelling.unicodeScalars) else { return false }
            position += spelling.unicodeScalars.count
            return true
        }
        var isCertain = skip("{,}") || skip("\\,") || skip("\\ ")
        if !isCertain {
            guard skip(",") else { return nil }
            while skip("\\!") || (isCertain && skip(" ")) { isCertain = true }
        }
        // Within brackets a bare comma separates coordinates.
        guard isCertain || bracketDepth <= 0 else { return nil }
        let isGroup = (0..<3).allSatisfy { isDigit(at: position + $0) }
        guard isGroup, !isDigit(at: position + 3) else { return nil }
        return position - index
    }

    private mutating func readExponent() -> Int {
        let signLength = scalar(at: 1) == "-" || scalar(at: 1) == "+" ? 1 : 0
        guard isDigit(at: index + 1 + signLength) else { return 0 }
        let isNegative = scalar(at: 1) == "-"
        index += 1 + signLength
        // More than five digits is out of any range, whatever they are.
        let size = digits().prefix(5).reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return isNegative ? -size : size
    }

    private func isOverline(at position: Int) -> Bool {
        guard position < text.count else { return false }
        let spelling = "\\overline{".unicodeScalars
        guard text[position...].starts(with: spelling) else { return false }
        var end = position + spelling.count
        guard isDigit(at: end) else { return false }
        while isDigit(at: end) { end += 1 }
        return end < text.count && text[end] == "}"
    }

    private mutating func readOverline() -> [UInt8] {
        index += "\\overline{".unicodeScalars.count
        let repetend = digits()
        index += 1
        return repetend
    }

    // MARK: Words and commands

    private mutating func letters() -> String {
        let start = index
        while index < text.count, Self.isLetter(text[index]) { index += 1 }
        var word = String.UnicodeScalarView()
        word.append(contentsOf: text[start..<index])
        return String(word)
    }

    private var followsValue: Bool {
        switch lexemes.last?.token {
        case .number, .closeGroup, .sign(")"), .sign("°"), .sign("%"), .command("pi"), .word: true
        default: false
        }
    }

    /// Whether a unit such as the `h` of `km/h` is due.
    private var followsUnitSlash: Bool {
        guard lexemes.last?.token == .sign("/"), case .word = lexemes.dropLast().last?.token else {
            return false
        }
        return true
    }

    /// Whether a letter is the unit of the number before it: `5 m`, spaced and at the end.
    private func isLoneUnit(_ word: String) -> Bool {
        guard isSpaced, ["m", "g", "s", "h", "L"].contains(word), case .number = lexemes.last?.token
        else { return false }
        return text.count - index <= 8
            && text[index...].allSatisfy { "^23{}. $/s\\)".unicodeScalars.contains($0) }
    }

    private func isProseWord(_ word: String, _ lowercase: String) -> Bool {
        word.utf8.count > 1 || (followsValue && word == lowercase)
    }

    private mutating func readWord() {
        let word = letters()
        let lowercase = word.lowercased()
        if lowercase == "and" || lowercase == "or" {
            emit(.sign(","))
        } else if lowercase == "minus" || lowercase == "negative" {
            emit(.sign("-"))
        } else if let command = MathSpelling.plainCommands[lowercase] {
            emit(.command(command))
        } else if followsValue, MathSpelling.shortUnits.contains(lowercase) {
            emit(.word(lowercase))
        } else if isLoneUnit(word) {
            emit(.word(lowercase))
        } else if word == "i" || word == "e" {
            emit(.letter(word))
        } else if followsUnitSlash || (proseDepth > 0 && isProseWord(word, lowercase)) {
            emit(.word(lowercase))
        } else if MathSpelling.isProse(lowercase) {
            emit(.word(lowercase))
        } else {
            word.forEach { emit(.letter(String($0))) }
        }
    }

    private mutating func readCommand() {
        index += 1
        guard let first = scalar(at: 0) else { return }
        guard Self.isLetter(first) else {
            index += 1
            switch first {
            case "\\": emit(.rowBreak)
            case "{":
                bracketDepth += 1
                emit(.openSet)
            case "}":
                bracketDepth -= 1
                emit(.closeSet)
            case "%": emit(.sign("%"))
            case "|": emit(.sign("|"))
            case " ", ",", ";", ":": isSpaced = true
            default: break
            }
            return
        }
        let name = letters()
        if MathSpelling.ignoredCommands.contains(name) {
            if name == "left" || name == "right", scalar(at: 0) == "." {
                index += 1
            }
            return
        }
        if MathSpelling.fontCommands.contains(name) {
            return readFont(isText: MathSpelling.proseCommands.contains(name))
        }
        switch name {
        case "mathbb", "mathcal": readGroup().forEach { emit(.letter("\\mathbb{\($0)}")) }
        case "begin": readEnvironment(.beginMatrix)
        case "end": readEnvironment(.endMatrix)
        case "hspace", "phantom", "label", "tag": _ = readGroup()
        default: emitCommand(name)
        }
    }

    private mutating func emitCommand(_ name: String) {
        if let tokens = MathSpelling.commandTokens[name] {
            for token in tokens {
                switch token {
                case .openSet, .sign("("), .sign("["): bracketDepth += 1
                case .closeSet, .sign(")"), .sign("]"): bracketDepth -= 1
                default: break
                }
                emit(token)
            }
        } else if MathSpelling.knownCommands.contains(name) {
            emit(.command(name))
        } else {
            emit(.letter(name))
        }
    }

    /// The scalars of a braced group, the position moved behind it; none where no brace follows.
    private mutating func readGroup() -> ArraySlice<Unicode.Scalar> {
        var start = index
        while start < text.count, text[start] == " " { start += 1 }
        guard start < text.count, text[start] == "{" else { return [] }
        var depth = 0
        var end = start
        while end < text.count {
            if text[end] == "{" { depth += 1 }
            if text[end] == "}" { depth -= 1 }
            if depth == 0 { break }
            end += 1
        }
        index = min(end + 1, text.count)
        return text[(start + 1)..<max(start + 1, end)]
    }

    private mutating func readEnvironment(_ token: MathToken) {
        let name = readGroup()
        if token == .beginMatrix, name.starts(with: "array".unicodeScalars) {
            _ = readGroup()
        }
        emit(token)
    }

    /// Opens the group of a font command, whose braces mean nothing.
    private mutating func readFont(isText: Bool) {
        while scalar(at: 0) == " " { index += 1 }
        guard scalar(at: 0) == "{" else { return }
        index += 1
        isSpaced = true
        groups.append(isText ? .prose : .font)
        proseDepth += isText ? 1 : 0
    }
}
