/// The letter of a multiple-choice answer.
enum ChoiceLetter {
    /// The letter, where an answer is nothing but a letter, bracketed or not.
    static func only(in lexemes: [Lexeme]) -> String? {
        let tokens = bare(lexemes[...])
        guard (1...3).contains(tokens.count) else { return nil }
        let rest = tokens.filter { $0 != .sign("(") && $0 != .sign(")") }
        guard rest.count == 1, case .letter(let name) = rest[0], isLetter(name) else { return nil }
        return name
    }

    /// The letter at the start of an answer that goes on with the choice itself: `(C) 12`, `C: 12`.
    static func leading(in lexemes: [Lexeme]) -> String? {
        let tokens = bare(lexemes.prefix(6))
        guard tokens.count > 2 || tokens.first == .word("choice") || tokens.first == .word("option")
        else { return nil }
        let names = tokens.map { token in
            if case .letter(let name) = token, isLetter(name), name == name.uppercased() {
                name
            } else {
                nil as String?
            }
        }
        if tokens[0] == .word("choice") || tokens[0] == .word("option") {
            return tokens.count > 1 ? names[1] : nil
        }
        if tokens[0] == .sign("("), tokens[2] == .sign(")") { return names[1] }
        return tokens[1] == .sign(")") || tokens[1] == .sign(":") ? names[0] : nil
    }

    private static func bare(_ lexemes: ArraySlice<Lexeme>) -> [MathToken] {
        lexemes.map(\.token).filter { $0 != .openGroup && $0 != .closeGroup }
    }

    private static func isLetter(_ name: String) -> Bool {
        guard let letter = name.utf8.first, name.utf8.count == 1 else { return false }
        return (0x41...0x5A).contains(letter & 0xDF)
    }
}
