/// A value while a template runs.
///
/// Lists, tuples and dictionaries never change: the reference's sandbox refuses the methods that
/// would change them. Only namespaces, loops, cyclers and joiners have state.
enum RuntimeValue {
    case undefined(UndefinedValue)
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    /// Text that counts as escaped: plain text that joins it is escaped first.
    case markup(String)
    case list(RuntimeList)
    case tuple(RuntimeList)
    case dictionary(RuntimeDictionary)
    /// What `keys`, `values` and `items` of a dictionary give.
    case view(RuntimeList, of: DictionaryView)
    case range(RuntimeRange)
    /// What lazy filters give: items that can be taken once.
    case generator(RuntimeGenerator)
    case namespace(RuntimeNamespace)
    case loop(RuntimeLoop)
    case macro(RuntimeMacro)
    case method(RuntimeMethod)
    case function(TemplateFunction)
    case cycler(RuntimeCycler)
    case joiner(RuntimeJoiner)

    /// The parts of a dictionary that a view can show.
    enum DictionaryView: String {
        case keys = "dict_keys"
        case values = "dict_values"
        case items = "dict_items"
    }

    /// The levels of data in this value.
    var depth: Int {
        switch self {
        case .list(let list), .tuple(let list), .view(let list, _): list.depth
        case .dictionary(let dictionary): dictionary.depth
        case .generator(let generator): generator.depth
        case .method(let method): method.depth
        case .cycler(let cycler): cycler.items.depth
        case .joiner(let joiner): joiner.depth
        default: 0
        }
    }

    /// Python's name for the type.
    var typeName: String {
        switch self {
        case .undefined: "Undefined"
        case .none: "NoneType"
        case .boolean: "bool"
        case .integer: "int"
        case .number: "float"
        case .string: "str"
        case .markup: "Markup"
        case .list: "list"
        case .tuple: "tuple"
        case .dictionary: "dict"
        case .view(_, let kind): kind.rawValue
        case .range: "range"
        case .generator: "generator"
        case .namespace: "TemplateNamespace"
        case .loop: "LoopContext"
        case .macro: "Macro"
        case .method: "builtin_function_or_method"
        case .function: "function"
        case .cycler: "Cycler"
        case .joiner: "Joiner"
        }
    }

    /// The value without its being marked as escaped.
    var plain: RuntimeValue {
        if case .markup(let text) = self { .string(text) } else { self }
    }

    var isUndefined: Bool {
        if case .undefined = self { true } else { false }
    }

    var isNone: Bool {
        if case .none = self { true } else { false }
    }

    /// Python's truth of a value.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let text), .markup(let text): !text.isEmpty
        case .list(let list), .tuple(let list), .view(let list, _): !list.items.isEmpty
        case .dictionary(let dictionary): dictionary.count > 0
        case .range(let range): range.count > 0
        case .loop(let loop): loop.length > 0
        default: true
        }
    }

    /// The value as an integer, truth values included.
    var integer: Int? {
        switch self {
        case .integer(let value): value
        case .boolean(let value): value ? 1 : 0
        default: nil
        }
    }

    /// The value as a real number, if it is any number.
    var real: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .boolean(let value): value ? 1 : 0
        case .number(let value): value
        default: nil
        }
    }
}

/// Why something has no value.
final class UndefinedValue {
    let message: String
    /// Whether use is a breach of the sandbox rather than a slip.
    let isUnsafe: Bool

    init(_ message: String, isUnsafe: Bool = false) {
        self.message = message
        self.isUnsafe = isUnsafe
    }
}

/// The items of a list, tuple or view.
final class RuntimeList {
    let items: [RuntimeValue]
    /// One more than the deepest item's.
    let depth: Int
    /// Whether this is a pair of the `groupby` filter, whose parts have names.
    let isGroup: Bool

    init(_ items: [RuntimeValue], isGroup: Bool = false) {
        self.items = items
        self.isGroup = isGroup
        var depth = 0
        for item in items { depth = max(depth, item.depth) }
        self.depth = depth + 1
    }
}

/// The result of `range`.
final class RuntimeRange {
    let start: Int
    let stop: Int
    let step: Int
    let count: Int

    init(start: Int, stop: Int, step: Int, count: Int) {
        self.start = start
        self.stop = stop
        self.step = step
        self.count = count
    }

    /// The item at an index below `count`.
    func item(_ index: Int) -> RuntimeValue {
        .integer(start &+ index &* step)
    }

    var items: [RuntimeValue] {
        (0..<count).map(item)
    }
}

/// Items that are handed out once.
final class RuntimeGenerator {
    private var items: ArraySlice<RuntimeValue>
    let depth: Int
    let name: String

    init(_ list: RuntimeList, name: String) {
        items = list.items[...]
        depth = list.depth
        self.name = name
    }

    func next() -> RuntimeValue? {
        items.popFirst()
    }

    func takeAll() -> [RuntimeValue] {
        defer { items = [] }
        return Array(items)
    }
}

/// The attributes of a `namespace`.
final class RuntimeNamespace {
    var attributes: [(name: String, value: RuntimeValue)]

    init(_ attributes: [(name: String, value: RuntimeValue)]) {
        self.attributes = attributes
    }

    subscript(name: String) -> RuntimeValue? {
        get { attributes.first { PythonText.equal($0.name, name) }?.value }
        set {
            guard let newValue else { return }
            if let index = attributes.firstIndex(where: { PythonText.equal($0.name, name) }) {
                attributes[index].value = newValue
            } else {
                attributes.append((name, newValue))
            }
        }
    }
}

/// What `loop` is in a `for` statement.
final class RuntimeLoop {
    var items: [RuntimeValue]
    let length: Int
    var index0 = -1
    let depth0: Int
    var changed: [RuntimeValue]?
    /// The statement and the scope around it, if it may call itself.
    let recursion: (loop: TemplateLoop, scope: RuntimeScope)?

    init(
        _ items: [RuntimeValue], depth0: Int,
        recursion: (loop: TemplateLoop, scope: RuntimeScope)?
    ) {
        self.items = items
        length = items.count
        self.depth0 = depth0
        self.recursion = recursion
    }

    /// The item `offset` places from the current one.
    func item(at offset: Int) -> RuntimeValue? {
        let index = index0 + offset
        return items.indices.contains(index) ? items[index] : nil
    }
}

/// A macro and the scope it was made in.
final class RuntimeMacro {
    let macro: TemplateMacro
    var scope: RuntimeScope?

    init(_ macro: TemplateMacro, scope: RuntimeScope) {
        self.macro = macro
        self.scope = scope
    }
}

/// A method and what it belongs to.
final class RuntimeMethod {
    let receiver: RuntimeValue
    let name: String
    let depth: Int

    init(_ receiver: RuntimeValue, _ name: String) {
        self.receiver = receiver
        self.name = name
        depth = receiver.depth + 1
    }
}

/// What `cycler` gives.
final class RuntimeCycler {
    let items: RuntimeList
    var position = 0

    init(_ items: RuntimeList) {
        self.items = items
    }
}

/// What `joiner` gives.
final class RuntimeJoiner {
    let separator: RuntimeValue
    let depth: Int
    var isUsed = false

    init(_ separator: RuntimeValue) {
        self.separator = separator
        depth = separator.depth + 1
    }
}

/// Names and their values, inside an outer scope.
final class RuntimeScope {
    private var numbers: [Int] = []
    private var values: [RuntimeValue] = []
    private(set) var parent: RuntimeScope?

    init(in parent: RuntimeScope?) {
        self.parent = parent
    }

    /// The value of a name here or outside.
    func value(_ number: Int) -> RuntimeValue? {
        var scope: RuntimeScope? = self
        while let current = scope {
            if let index = current.numbers.lastIndex(of: number) { return current.values[index] }
            scope = current.parent
        }
        return nil
    }

    /// Sets a name here.
    func set(_ number: Int, _ value: RuntimeValue) {
        if let index = numbers.lastIndex(of: number) {
            values[index] = value
        } else {
            numbers.append(number)
            values.append(value)
        }
    }

    /// The outermost scope.
    var root: RuntimeScope {
        var scope = self
        while let parent = scope.parent { scope = parent }
        return scope
    }

    /// Lets go of everything, so that macros and the scopes that hold them can be freed.
    func clear() {
        numbers = []
        values = []
        parent = nil
    }
}
