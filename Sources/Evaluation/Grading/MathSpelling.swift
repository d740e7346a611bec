/// The spellings that answers use, and what each stands for.
enum MathSpelling {
    /// Operators and separators that the parser knows.
    static let signs: Set<Unicode.Scalar> = [
        "+", "-", "*", "/", "^", "_", "(", ")", "[", "]", ",", ";", ":", "=", "<", ">", "≤", "≥",
        "≠", "|", "!", "%", "&", "°", "±", "∓", "∈", "∪", "∩", "∖", "…",
    ]

    /// Signs beyond ASCII that have a twin.
    static let unicodeTokens: [Unicode.Scalar: [MathToken]] = [
        "−": [.sign("-")], "–": [.sign("-")], "×": [.sign("*")], "·": [.sign("*")],
        "⋅": [.sign("*")], "÷": [.sign("/")], "π": [.command("pi")], "√": [.command("sqrt")],
        "∞": [.command("infty")], "ℝ": [.letter("\\mathbb{R}")], "∅": [.command("emptyset")],
        "²": [.sign("^"), .number(NumberLiteral(whole: [0x32]))],
        "³": [.sign("^"), .number(NumberLiteral(whole: [0x33]))],
        "，": [.sign(",")], "（": [.sign("(")], "）": [.sign(")")],
        "½": half, "θ": [.letter("theta")], "α": [.letter("alpha")], "β": [.letter("beta")],
    ]

    private static let half: [MathToken] = [
        .number(NumberLiteral(whole: [0x31])), .sign("/"), .number(NumberLiteral(whole: [0x32])),
    ]

    /// Commands that are another spelling of a sign.
    static let commandTokens: [String: [MathToken]] = [
        "cdot": [.sign("*")], "times": [.sign("*")], "ast": [.sign("*")], "div": [.sign("/")],
        "pm": [.sign("±")], "mp": [.sign("∓")], "le": [.sign("≤")], "leq": [.sign("≤")],
        "leqslant": [.sign("≤")], "ge": [.sign("≥")], "geq": [.sign("≥")],
        "geqslant": [.sign("≥")], "lt": [.sign("<")], "gt": [.sign(">")], "ne": [.sign("≠")],
        "neq": [.sign("≠")], "in": [.sign("∈")], "cup": [.sign("∪")], "cap": [.sign("∩")],
        "setminus": [.sign("∖")], "backslash": [.sign("∖")], "circ": [.sign("°")],
        "degree": [.sign("°")], "percent": [.sign("%")], "lvert": [.sign("|")],
        "rvert": [.sign("|")], "vert": [.sign("|")], "mid": [.sign("|")], "lVert": [.sign("|")],
        "rVert": [.sign("|")], "lbrace": [.openSet], "rbrace": [.closeSet],
        "langle": [.sign("(")], "rangle": [.sign(")")], "lbrack": [.sign("[")],
        "rbrack": [.sign("]")], "colon": [.sign(":")], "dots": [.sign("…")],
        "ldots": [.sign("…")], "cdots": [.sign("…")], "dfrac": [.command("frac")],
        "tfrac": [.command("frac")], "cfrac": [.command("frac")], "dbinom": [.command("binom")],
        "tbinom": [.command("binom")], "varnothing": [.command("emptyset")],
        "infinity": [.command("infty")], "cosec": [.command("csc")], "lg": [.command("log")],
        "to": [.sign("=")], "iff": [.sign("=")], "equiv": [.sign("=")],
        "land": [.sign(",")], "lor": [.sign(",")], "R": [.letter("\\mathbb{R}")],
        "varphi": [.letter("phi")], "varepsilon": [.letter("epsilon")], "approx": [.sign("=")],
        "tg": [.command("tan")], "ctg": [.command("cot")],
        "arctg": [.command("arctan")],
    ]

    /// Commands that the parser gives a meaning of their own.
    static let knownCommands: Set<String> = functions.union([
        "frac", "sqrt", "pi", "infty", "binom", "emptyset", "overline", "lfloor", "rfloor",
        "lceil", "rceil", "pmod", "bmod", "over", "log",
    ])

    /// Functions of one argument that may stand before it without brackets.
    static let functions: Set<String> = [
        "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh",
        "tanh", "ln", "exp",
    ]

    /// Words that are commands even without a backslash.
    static let plainCommands: [String: String] = [
        "sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc",
        "arcsin": "arcsin", "arccos": "arccos", "arctan": "arctan", "asin": "arcsin",
        "acos": "arccos", "atan": "arctan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
        "ln": "ln", "log": "log", "exp": "exp", "sqrt": "sqrt", "pi": "pi", "infinity": "infty",
        "inf": "infty", "infty": "infty", "oo": "infty",
    ]

    /// Commands of layout.
    static let ignoredCommands: Set<String> = [
        "left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg", "Bigg", "middle",
        "quad", "qquad", "displaystyle", "textstyle", "limits", "nolimits", "boxed", "underline",
        "hfill", "hline", "thinspace", "space", "enspace", "rm", "bf", "it", "mathstrut", "fbox",
        "vec", "hat", "bar", "therefore",
    ]

    /// Commands of a font around mathematics or prose.
    static let fontCommands: Set<String> = proseCommands.union([
        "mathbf", "boldsymbol", "bm", "mathit", "mathsf", "mathtt",
    ])

    /// Commands of a font around prose or names.
    static let proseCommands: Set<String> = [
        "text", "mbox", "hbox", "textbf", "textit", "textrm", "textsf", "mathrm", "operatorname",
        "textnormal", "emph", "texttt",
    ]

    /// Units too short to be told from products of variables but by what stands before them.
    static let shortUnits: Set<String> = [
        "cm", "mm", "km", "dm", "nm", "ft", "yd", "mi", "lb", "lbs", "oz", "kg", "mg", "hr", "hrs",
        "min", "sec", "mph", "kph", "ml", "deg", "rad", "sq", "cu", "usd", "in", "per", "day",
        "way", "men", "pie", "toy", "gal", "yr", "yrs", "pm", "am",
    ]

    /// Words before a value that leave it as it is.
    static let introductions: Set<String> = [
        "about", "approximately", "approx", "exactly", "roughly", "equals", "answer",
    ]

    /// Whether a run of letters is a word, and not a product of variables.
    static func isProse(_ word: String) -> Bool {
        let count = word.utf8.count
        if count == 3 { return ["yes", "odd", "one", "two", "six", "ten"].contains(word) }
        return count >= 4 && word.contains { "aeiou".contains($0) }
    }
}
