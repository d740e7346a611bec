/// Cuts template source into tokens, with `trim_blocks` and `lstrip_blocks` on.
///
/// The rules are those of Jinja's lexer: a newline after a block or comment goes, blanks before a
/// block that starts its line go, `-` strips all white space on its side, `+` keeps it, and one
/// newline at the very end of the source goes.
struct TemplateLexer {
    private let source: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var tokens: [TemplateToken] = []
    /// Whether the last consumed piece ended a line.
    private var isLineStart = true

    private init(source: [Unicode.Scalar]) {
        self.source = source
    }

    /// The tokens of `text`, the last of them `.end`.
    static func tokens(of text: String) throws(TemplateError) -> [TemplateToken] {
        var source: [Unicode.Scalar] = []
        source.reserveCapacity(text.utf8.count)
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            defer { previous = scalar }
            if scalar == "\n", previous == "\r" { continue }
            source.append(scalar == "\r" ? "\n" : scalar)
        }
        if source.last == "\n" { source.removeLast() }
        var lexer = TemplateLexer(source: source)
        try lexer.run()
        return lexer.tokens
    }

    private mutating func run() throws(TemplateError) {
        while position < source.count {
            try scanText()
        }
        tokens.append(TemplateToken(kind: .end, line: line))
    }

    // MARK: Text between tags

    private func starts(_ text: String, at index: Int) -> Bool {
        var index = index
        for byte in text.utf8 {
            guard index < source.count, source[index] == Unicode.Scalar(byte) else { return false }
            index += 1
        }
        return true
    }

    private mutating func scanText() throws(TemplateError) {
        let start = position
        var tag = position
        while tag < source.count {
            if source[tag] == "{", tag + 1 < source.count,
                source[tag + 1] == "%" || source[tag + 1] == "{" || source[tag + 1] == "#"
            {
                break
            }
            tag += 1
        }
        guard tag < source.count else {
            emitData(start..<source.count)
            position = source.count
            return
        }
        let kind = source[tag + 1]
        var afterSign = tag + 2
        var sign: Unicode.Scalar?
        if afterSign < source.count, source[afterSign] == "-" || source[afterSign] == "+" {
            sign = source[afterSign]
            afterSign += 1
        }
        let isOutput = kind == "{"
        emitData(start..<textEnd(start..<tag, sign: sign, isOutput: isOutput))
        advanceLines(through: tag)
        position = afterSign
        switch kind {
        case "#":
            try scanComment()
        case "{":
            tokens.append(TemplateToken(kind: .outputBegin, line: line))
            try scanTag(isOutput: true)
        default:
            if let end = rawBodyStart(afterSign) {
                position = end
                try scanRaw()
            } else {
                tokens.append(TemplateToken(kind: .blockBegin, line: line))
                try scanTag(isOutput: false)
            }
        }
    }

    /// Where the text before a tag ends once the tag's sign and its place in the line had a say.
    private func textEnd(
        _ range: Range<Int>, sign: Unicode.Scalar?, isOutput: Bool
    ) -> Int {
        var end = range.upperBound
        if sign == "-" {
            while end > range.lowerBound, PythonText.isSpace(source[end - 1]) { end -= 1 }
            return end
        }
        guard sign != "+", !isOutput else { return end }
        while end > range.lowerBound, source[end - 1] != "\n" {
            guard PythonText.isSpace(source[end - 1]) else { return range.upperBound }
            end -= 1
        }
        return end > range.lowerBound || isLineStart ? end : range.upperBound
    }

    /// The place and line number of the last counted position.
    private var countedPosition = 0

    private mutating func advanceLines(through index: Int) {
        while countedPosition < index {
            if source[countedPosition] == "\n" { line += 1 }
            countedPosition += 1
        }
    }

    private mutating func emitData(_ range: Range<Int>) {
        advanceLines(through: range.lowerBound)
        guard !range.isEmpty else { return }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: source[range])
        tokens.append(TemplateToken(kind: .data(String(text)), line: line))
        advanceLines(through: range.upperBound)
    }

    // MARK: Comments and raw text

    /// Consumes an end mark's white-space rule, `mark` being where its sign or first character is.
    private mutating func consumeEnd(
        at mark: Int, sign: Unicode.Scalar?, trimsNewline: Bool
    ) {
        var end = mark + (sign == nil ? 2 : 3)
        if sign == "-" {
            while end < source.count, PythonText.isSpace(source[end]) { end += 1 }
        } else if sign == nil, trimsNewline, end < source.count, source[end] == "\n" {
            end += 1
        }
        isLineStart = source[end - 1] == "\n"
        position = end
        advanceLines(through: end)
    }

    private mutating func scanComment() throws(TemplateError) {
        var index = position
        while index < source.count {
            if source[index] == "-" || source[index] == "+", starts("#}", at: index + 1) {
                consumeEnd(at: index, sign: source[index], trimsNewline: true)
                return
            }
            if starts("#}", at: index) {
                consumeEnd(at: index, sign: nil, trimsNewline: true)
                return
            }
            index += 1
        }
        throw .syntax(line: line, message: "missing end of comment")
    }

    private func skipSpace(_ index: Int) -> Int {
        var index = index
        while index < source.count, PythonText.isSpace(source[index]) { index += 1 }
        return index
    }

    private func rawBodyStart(_ index: Int) -> Int? {
        var index = skipSpace(index)
        guard starts("raw", at: index) else { return nil }
        index = skipSpace(index + 3)
        if starts("-%}", at: index) { return skipSpace(index + 3) }
        return starts("%}", at: index) ? index + 2 : nil
    }

    private mutating func scanRaw() throws(TemplateError) {
        let start = position
        isLineStart = source[start - 1] == "\n"
        var tag = start
        while tag < source.count {
            defer { tag += 1 }
            guard starts("{%", at: tag) else { continue }
            var index = tag + 2
            var sign: Unicode.Scalar?
            if index < source.count, source[index] == "-" || source[index] == "+" {
                sign = source[index]
                index += 1
            }
            index = skipSpace(index)
            guard starts("endraw", at: index) else { continue }
            index = skipSpace(index + 6)
            var endSign: Unicode.Scalar?
            if index < source.count, source[index] == "-" || source[index] == "+" {
                endSign = source[index]
            }
            guard starts("%}", at: endSign == nil ? index : index + 1) else { continue }
            emitData(start..<textEnd(start..<tag, sign: sign, isOutput: false))
            consumeEnd(at: index, sign: endSign, trimsNewline: true)
            return
        }
        throw .syntax(line: line, message: "missing end of raw block")
    }

    // MARK: Inside a tag

    private mutating func scanTag(isOutput: Bool) throws(TemplateError) {
        var brackets: [TemplateToken.Symbol] = []
        while true {
            advanceLines(through: position)
            if brackets.isEmpty, consumeTagEnd(isOutput: isOutput) { return }
            guard position < source.count else {
                throw .syntax(line: line, message: "unexpected end of template inside a tag")
            }
            let scalar = source[position]
            if PythonText.isSpace(scalar) {
                position = skipSpace(position)
            } else if let kind = try scanNumber() {
                tokens.append(TemplateToken(kind: kind, line: line))
            } else if isWord(scalar) {
                try scanName()
            } else if scalar == "'" || scalar == "\"" {
                try scanString(quote: scalar)
            } else {
                try scanSymbol(&brackets)
            }
        }
    }

    private mutating func consumeTagEnd(isOutput: Bool) -> Bool {
        guard position < source.count else { return false }
        let first = source[position]
        let hasSign = first == "-" || (first == "+" && !isOutput)
        let mark = hasSign ? position + 1 : position
        guard isOutput ? starts("}}", at: mark) : starts("%}", at: mark) else { return false }
        tokens.append(TemplateToken(kind: isOutput ? .outputEnd : .blockEnd, line: line))
        consumeEnd(at: position, sign: hasSign ? first : nil, trimsNewline: !isOutput)
        return true
    }

    private func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || PythonText.isAlphanumeric(scalar)
            || (!scalar.isASCII && scalar.properties.isIDContinue)
    }

    private mutating func scanName() throws(TemplateError) {
        var name = String.UnicodeScalarView()
        let first = source[position]
        while position < source.count, isWord(source[position]) {
            name.append(source[position])
            position += 1
        }
        guard first == "_" || first.properties.isIDStart else {
            throw .syntax(line: line, message: "invalid character in identifier \(name)")
        }
        tokens.append(TemplateToken(kind: .name(String(name)), line: line))
    }

    private mutating func scanSymbol(
        _ brackets: inout [TemplateToken.Symbol]
    ) throws(TemplateError) {
        let scalar = source[position]
        var symbol: TemplateToken.Symbol?
        if position + 1 < source.count {
            symbol = TemplateToken.Symbol(rawValue: "\(scalar)\(source[position + 1])")
        }
        symbol = symbol ?? TemplateToken.Symbol(rawValue: "\(scalar)")
        guard let symbol else {
            throw .syntax(line: line, message: "unexpected character '\(scalar)'")
        }
        position += symbol.rawValue.utf8.count
        if let closing = symbol.closing {
            brackets.append(closing)
        } else if symbol == .rightBrace || symbol == .rightBracket || symbol == .rightParenthesis {
            guard let expected = brackets.popLast() else {
                throw .syntax(line: line, message: "unexpected '\(symbol.rawValue)'")
            }
            guard expected == symbol else {
                throw .syntax(
                    line: line,
                    message: "unexpected '\(symbol.rawValue)', expected '\(expected.rawValue)'")
            }
        }
        tokens.append(TemplateToken(kind: .symbol(symbol), line: line))
    }

    // MARK: Literals

    private func digit(_ index: Int, radix: UInt32 = 10) -> Bool {
        guard index < source.count else { return false }
        return PythonText.digitValue(source[index], radix: radix) != nil
    }

    /// The end of digits, single underscores between them, from `index`; `index` if there are none.
    private func digits(_ index: Int, radix: UInt32 = 10, leadingUnderscore: Bool = false) -> Int {
        var index = index
        if leadingUnderscore, index < source.count, source[index] == "_",
            digit(index + 1, radix: radix)
        {
            index += 1
        }
        guard digit(index, radix: radix) else { return index }
        while index < source.count {
            if digit(index, radix: radix) {
                index += 1
            } else if source[index] == "_", digit(index + 1, radix: radix) {
                index += 1
            } else {
                break
            }
        }
        return index
    }

    private func text(_ range: Range<Int>) -> String {
        var text = ""
        for scalar in source[range] where scalar != "_" { text.unicodeScalars.append(scalar) }
        return text
    }

    private mutating func scanNumber() throws(TemplateError) -> TemplateToken.Kind? {
        guard digit(position) else { return nil }
        let start = position
        if start == 0 || source[start - 1] != "." {
            let whole = digits(start)
            var end = whole
            if end < source.count, source[end] == ".", digit(end + 1) { end = digits(end + 1) }
            if end < source.count, source[end] == "e" || source[end] == "E" {
                var exponent = end + 1
                if exponent < source.count, source[exponent] == "-" || source[exponent] == "+" {
                    exponent += 1
                }
                if digit(exponent) { end = digits(exponent) }
            }
            if end > whole {
                position = end
                guard let value = Double(text(start..<end)) else {
                    throw .syntax(line: line, message: "malformed number")
                }
                return .number(value)
            }
        }
        return try scanInteger(start)
    }

    private mutating func scanInteger(_ start: Int) throws(TemplateError) -> TemplateToken.Kind {
        if source[start] == "0", start + 1 < source.count {
            let radixes: [(Unicode.Scalar, UInt32)] = [("b", 2), ("o", 8), ("x", 16)]
            let mark = source[start + 1].properties.lowercaseMapping
            for (letter, radix) in radixes where mark == String(letter) {
                let end = digits(start + 2, radix: radix, leadingUnderscore: true)
                guard end > start + 2 else { break }
                position = end
                return .integer(try integer(text(start + 2..<end), radix: Int(radix)))
            }
            position = start + 1
            while position < source.count, source[position] == "0" { position += 1 }
            return .integer(0)
        }
        position = digits(start)
        return .integer(try integer(text(start..<position), radix: 10))
    }

    private func integer(_ digits: String, radix: Int) throws(TemplateError) -> Int {
        guard let value = Int(digits, radix: radix) else {
            throw .syntax(line: line, message: "integer \(digits.prefix(40)) is out of range")
        }
        return value
    }

    private mutating func scanString(quote: Unicode.Scalar) throws(TemplateError) {
        let start = position + 1
        var end = start
        while end < source.count, source[end] != quote {
            end += source[end] == "\\" ? 2 : 1
        }
        guard end < source.count else {
            throw .syntax(line: line, message: "missing end of string")
        }
        guard let value = PythonText.unescaped(source[start..<end]) else {
            throw .syntax(line: line, message: "malformed escape in string")
        }
        tokens.append(TemplateToken(kind: .string(value), line: line))
        position = end + 1
    }
}
