/// The compiled form of an expression.
indirect enum TemplateExpression: Sendable {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case name(Int, line: Int)
    case tuple([TemplateExpression])
    case list([TemplateExpression])
    case dictionary([Entry], line: Int)
    case attribute(TemplateExpression, String, line: Int)
    case item(TemplateExpression, TemplateExpression, line: Int)
    case slice(TemplateExpression, Bounds, line: Int)
    case call(TemplateExpression, TemplateArguments, line: Int)
    /// A filter; without an operand it takes the text of the block it stands on.
    case filter(TemplateExpression?, String, TemplateArguments, line: Int)
    case test(TemplateExpression, String, TemplateArguments, line: Int)
    case not(TemplateExpression)
    case negative(TemplateExpression, line: Int)
    case positive(TemplateExpression, line: Int)
    /// Operators of one precedence from left to right, flat so that long sums are not deep.
    case arithmetic(TemplateExpression, [Operation])
    case comparison(TemplateExpression, [Comparison], line: Int)
    case and([TemplateExpression])
    case or([TemplateExpression])
    case concatenation([TemplateExpression], line: Int)
    case conditional(TemplateExpression, then: TemplateExpression, else: TemplateExpression?)

    /// A key and a value of a dictionary display.
    struct Entry: Sendable {
        var key: TemplateExpression
        var value: TemplateExpression
    }

    /// The bounds of a slice.
    struct Bounds: Sendable {
        var start: TemplateExpression?
        var stop: TemplateExpression?
        var step: TemplateExpression?
    }

    /// One operator and its right operand.
    struct Operation: Sendable {
        var symbol: TemplateToken.Symbol
        var operand: TemplateExpression
        var line: Int
    }

    /// One comparison of a chain.
    struct Comparison: Sendable {
        var relation: Relation
        var operand: TemplateExpression
    }

    /// What a comparison asks.
    enum Relation: Sendable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, contained, notContained
    }
}

/// The arguments of a call, filter or test.
struct TemplateArguments: Sendable {
    var positional: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
    var variadic: TemplateExpression?
    var keywords: TemplateExpression?

    /// Whether there are none at all.
    var isEmpty: Bool {
        positional.isEmpty && named.isEmpty && variadic == nil && keywords == nil
    }
}

/// What an assignment may assign to.
indirect enum TemplateTarget: Sendable {
    case name(Int)
    case attribute(Int, String, line: Int)
    case tuple([TemplateTarget], line: Int)
}

/// The compiled form of a statement.
indirect enum TemplateStatement: Sendable {
    case text(String)
    case output(TemplateExpression, line: Int)
    case assign(TemplateTarget, TemplateExpression, line: Int)
    case assignBlock(TemplateTarget, filter: TemplateExpression?, TemplateBody, line: Int)
    case loop(TemplateLoop)
    case conditional([Branch], otherwise: [TemplateStatement])
    case macro(TemplateMacro)
    case callBlock(TemplateExpression, TemplateArguments, caller: TemplateMacro, line: Int)
    case filterBlock(TemplateExpression, TemplateBody)
    case with([(target: TemplateTarget, value: TemplateExpression)], TemplateBody, line: Int)
    case scope(TemplateBody)
    /// A block is rendered in place, seeing only the outermost names.
    case block(TemplateBody)
    case exitLoop
    case continueLoop

    /// A condition and what it guards.
    struct Branch: Sendable {
        var condition: TemplateExpression
        var body: [TemplateStatement]
        var line: Int
    }
}

/// Statements with names of their own.
struct TemplateBody: Sendable {
    var statements: [TemplateStatement]
    /// The number of the scope, an index into `TemplateProgram.unsetNames`.
    var scope: Int
}

/// A `for` statement.
struct TemplateLoop: Sendable {
    var target: TemplateTarget
    var iterable: TemplateExpression
    var condition: TemplateExpression?
    var isRecursive: Bool
    var body: TemplateBody
    var otherwise: TemplateBody?
    var line: Int
}

/// A `macro` statement, or the body of a `call` block.
struct TemplateMacro: Sendable {
    /// A parameter and its default.
    struct Parameter: Sendable {
        var name: Int
        var text: String
        var value: TemplateExpression?
    }

    var nameID: Int?
    var name: String?
    var parameters: [Parameter]
    var body: TemplateBody
    var usesCaller: Bool
    var usesKeywords: Bool
    var usesVariadic: Bool
    var line: Int
}

/// A compiled template.
struct TemplateProgram: Sendable {
    var body: TemplateBody
    /// The spelling of every name, by its number.
    var names: [String]
    /// The names that are unset on entering each scope.
    var unsetNames: [[Int]]
}
