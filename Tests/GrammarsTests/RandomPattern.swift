import TestSupport

/// Patterns of every construct that this reading and Swift's share.
enum RandomPattern {
    static func make(using generator: inout SeededGenerator) -> String {
        let body = alternatives(depth: 2, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: return "^(?:\(body))$"
        case 1: return "^(?:\(body))"
        case 2: return "(?:\(body))$"
        default: return body
        }
    }

    private static func alternatives(
        depth: Int, using generator: inout SeededGenerator
    ) -> String {
        (0..<Int.random(in: 1...2, using: &generator)).map { _ in
            (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                term(depth: depth, using: &generator)
            }.joined()
        }.joined(separator: "|")
    }

    private static func term(depth: Int, using generator: inout SeededGenerator) -> String {
        let number = Int.random(in: 0..<12, using: &generator)
        if number == 0 { return ["^", "$"].randomElement(using: &generator) ?? "" }
        let atoms = [
            "a", "b", "é", "日", "😀", "\"", #"\\"#, #"\."#, #"\d"#, #"\w"#, #"\D"#, "[a-c]",
            "[^a\"]",
            #"[\d_]"#, ".", #"[é-日]"#, #"\u0061"#, "0", " ",
        ]
        let atom =
            number < 4 && depth > 0
            ? "(\(number == 1 ? "?:" : "")\(alternatives(depth: depth - 1, using: &generator)))"
            : atoms.randomElement(using: &generator) ?? "a"
        let quantifiers = ["", "", "", "?", "*", "+", "{2}", "{0,2}", "{1,}", "*?", "+?"]
        return atom + (quantifiers.randomElement(using: &generator) ?? "")
    }
}
