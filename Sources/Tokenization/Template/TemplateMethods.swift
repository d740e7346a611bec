/// Which attributes values have, apart from those that a dictionary's keys add.
enum TemplateMethods {
    private static let text: Set<String> = [
        "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find",
        "format", "format_map", "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit",
        "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper",
        "join", "ljust", "lower", "lstrip", "maketrans", "partition", "removeprefix",
        "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip",
        "split", "splitlines", "startswith", "strip", "swapcase", "title", "translate", "upper",
        "zfill",
    ]
    private static let list: Set<String> = ["copy", "count", "index"]
    private static let listMutating: Set<String> = [
        "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
    ]
    private static let tuple: Set<String> = ["count", "index"]
    private static let dictionary: Set<String> = [
        "copy", "fromkeys", "get", "items", "keys", "values",
    ]
    private static let dictionaryMutating: Set<String> = [
        "clear", "pop", "popitem", "setdefault", "update",
    ]
    private static let loop: Set<String> = ["cycle", "changed"]
    private static let cycler: Set<String> = ["next", "reset"]
    private static let number: Set<String> = ["is_integer", "bit_length", "conjugate"]

    /// Attributes of every Python object, which the sandbox hides.
    static let internalNames: Set<String> = [
        "__class__", "__delattr__", "__dir__", "__doc__", "__eq__", "__format__", "__ge__",
        "__getattribute__", "__getstate__", "__gt__", "__hash__", "__init__",
        "__init_subclass__", "__le__", "__lt__", "__ne__", "__new__", "__reduce__",
        "__reduce_ex__", "__repr__", "__setattr__", "__sizeof__", "__str__", "__subclasshook__",
        "__len__", "__getitem__", "__iter__", "__contains__", "__add__", "__mul__", "__call__",
        "__globals__", "__code__", "__dict__", "__module__", "__self__", "__func__",
        "__builtins__", "__mro__", "__bases__", "__subclasses__", "__closure__", "__wrapped__",
    ]

    /// The methods that may be called.
    static func names(_ value: RuntimeValue) -> Set<String> {
        switch value {
        case .string, .markup: text
        case .list: list
        case .tuple: tuple
        case .dictionary: dictionary
        case .loop: loop
        case .cycler: cycler
        case .number, .integer, .boolean: number
        default: []
        }
    }

    /// The methods that would change the value, which the sandbox refuses.
    static func mutating(_ value: RuntimeValue) -> Set<String> {
        switch value {
        case .list: listMutating
        case .dictionary: dictionaryMutating
        default: []
        }
    }
}
