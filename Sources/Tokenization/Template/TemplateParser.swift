/// Builds a program from tokens; what it accepts is Jinja's grammar with the tags `generation`,
/// `break` and `continue`, without the tags that load other templates.
struct TemplateParser {
    let limits: TemplateLimits
    private let tokens: [TemplateToken]
    private var index = 0
    private var nesting = 0
    private let stack = StackGauge()
    private(set) var names: [String] = []
    private var numbers: [[UInt8]: Int] = [:]
    var scopes = TemplateScopeAnalysis()
    /// The macros around the current place.
    var macros: [TemplateMacroUse] = []
    /// How many loops of the current macro are around the current place.
    var loopDepth = 0
    /// Whether an unknown filter may wait for the rendering to be complained about.
    var isConditional = false
    /// The first complaint about an unknown filter or test that may not wait.
    var unknownName: TemplateError?
    /// How many loops there are around the current place whose special name must not be set.
    var namedLoopDepth = 0

    /// An expression and how many levels its tree has.
    struct Parsed {
        var node: TemplateExpression
        var depth: Int
    }

    private init(tokens: [TemplateToken], limits: TemplateLimits) {
        self.tokens = tokens
        self.limits = limits
    }

    /// Compiles `source`.
    static func program(
        _ source: String, limits: TemplateLimits
    ) throws(TemplateError) -> TemplateProgram {
        guard source.utf8.count <= limits.maximumSourceBytes else {
            throw .limit(.sourceBytes, line: 1, maximum: limits.maximumSourceBytes)
        }
        let tokens = try TemplateLexer.tokens(of: source)
        var parser = TemplateParser(tokens: tokens, limits: limits)
        let scope = parser.scopes.open()
        let statements = try parser.statements(until: [])
        parser.scopes.close()
        if let error = parser.unknownName { throw error }
        return TemplateProgram(
            body: TemplateBody(statements: statements, scope: scope),
            names: parser.names,
            unsetNames: parser.scopes.unsetNames())
    }

    // MARK: The stream

    var current: TemplateToken { tokens[index] }

    var following: TemplateToken { tokens[min(index + 1, tokens.count - 1)] }

    mutating func advance() {
        index = min(index + 1, tokens.count - 1)
    }

    func isAt(_ symbol: TemplateToken.Symbol) -> Bool {
        current.kind == .symbol(symbol)
    }

    func isAt(name: String) -> Bool {
        current.kind == .name(name)
    }

    mutating func skip(_ symbol: TemplateToken.Symbol) -> Bool {
        guard isAt(symbol) else { return false }
        advance()
        return true
    }

    mutating func skip(name: String) -> Bool {
        guard isAt(name: name) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: TemplateToken.Symbol) throws(TemplateError) {
        guard skip(symbol) else { throw unexpected("'\(symbol.rawValue)'") }
    }

    mutating func expect(name: String) throws(TemplateError) {
        guard skip(name: name) else { throw unexpected("'\(name)'") }
    }

    mutating func expectName() throws(TemplateError) -> String {
        guard case .name(let name) = current.kind else { throw unexpected("a name") }
        advance()
        return name
    }

    mutating func expect(_ kind: TemplateToken.Kind, _ summary: String) throws(TemplateError) {
        guard current.kind == kind else { throw unexpected(summary) }
        advance()
    }

    func unexpected(_ expected: String) -> TemplateError {
        .syntax(line: current.line, message: "expected \(expected), found \(current.summary)")
    }

    func tooDeep(_ line: Int) -> TemplateError {
        .limit(.nesting, line: line, maximum: limits.maximumNesting)
    }

    /// Goes one level deeper into the source; `ascend` goes back.
    mutating func descend() throws(TemplateError) {
        nesting += 1
        guard nesting <= limits.maximumNesting, stack.hasRoom else {
            throw tooDeep(current.line)
        }
    }

    mutating func ascend() {
        nesting -= 1
    }

    /// An expression one level above trees of the given depths.
    func make(
        _ node: TemplateExpression, over depth: Int
    ) throws(TemplateError) -> Parsed {
        guard depth < limits.maximumNesting else { throw tooDeep(current.line) }
        return Parsed(node: node, depth: depth + 1)
    }

    // MARK: Names

    /// The number of a name.
    mutating func number(of name: String) -> Int {
        let key = Array(name.utf8)
        if let number = numbers[key] { return number }
        numbers[key] = names.count
        names.append(name)
        return names.count - 1
    }

    /// Notes that a name is read here.
    mutating func read(_ name: String) -> Int {
        let number = number(of: name)
        scopes.read(number)
        for index in macros.indices { macros[index].read(name) }
        return number
    }

    /// Notes that a name is set here.
    mutating func store(_ target: TemplateTarget) {
        switch target {
        case .name(let number):
            scopes.store(number)
            let name = names[number]
            for index in macros.indices { macros[index].store(name) }
        case .attribute(let number, _, _):
            scopes.read(number)
        case .tuple(let targets, _):
            for target in targets { store(target) }
        }
    }

    /// Notes that a name is bound on entering the current scope.
    mutating func declare(_ target: TemplateTarget) {
        switch target {
        case .name(let number): scopes.declare(number)
        case .attribute: break
        case .tuple(let targets, _): for target in targets { declare(target) }
        }
    }
}

/// Which of a macro's special names its body reads without having set them.
struct TemplateMacroUse {
    private var candidates: Set<String> = ["caller", "kwargs", "varargs"]
    private(set) var used: Set<String> = []

    mutating func read(_ name: String) {
        if candidates.contains(name) { used.insert(name) }
    }

    mutating func store(_ name: String) {
        candidates.remove(name)
    }
}
