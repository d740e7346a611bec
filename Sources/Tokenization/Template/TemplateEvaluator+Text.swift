extension TemplateEvaluator {
    /// `str(value)`.
    func text(of value: RuntimeValue) throws(TemplateError) -> String {
        switch value {
        case .string(let text), .markup(let text): return text
        case .undefined: return ""
        case .integer(let value): return String(value)
        default: return try representation(of: value)
        }
    }

    /// `repr(value)`.
    func representation(of value: RuntimeValue) throws(TemplateError) -> String {
        var text = ""
        try write(value, to: &text)
        return text
    }

    private func add(_ piece: String, to text: inout String) throws(TemplateError) {
        text += piece
        try charge(piece.utf8.count >> 6)
        guard text.utf8.count <= limits.maximumOutputBytes else {
            throw .limit(.outputBytes, line: line, maximum: limits.maximumOutputBytes)
        }
    }

    private func write(_ value: RuntimeValue, to text: inout String) throws(TemplateError) {
        try charge(1)
        switch value {
        case .undefined: try add("Undefined", to: &text)
        case .none: try add("None", to: &text)
        case .boolean(let value): try add(value ? "True" : "False", to: &text)
        case .integer(let value): try add(String(value), to: &text)
        case .number(let value): try add(PythonNumber.text(value), to: &text)
        case .string(let value): try add(PythonText.quoted(value), to: &text)
        case .markup(let value): try add("Markup(" + PythonText.quoted(value) + ")", to: &text)
        case .list(let list): try write(list.items, "[", "]", to: &text)
        case .tuple(let list):
            try write(list.items, "(", list.items.count == 1 ? ",)" : ")", to: &text)
        case .view(let list, let kind):
            try write(list.items, kind.rawValue + "([", "])", to: &text)
        case .dictionary(let dictionary): try write(dictionary, to: &text)
        case .range(let range):
            let step = range.step == 1 ? "" : ", \(range.step)"
            try add("range(\(range.start), \(range.stop)\(step))", to: &text)
        case .namespace(let namespace):
            try descend()
            defer { ascend() }
            try add("<Namespace {", to: &text)
            for (index, attribute) in namespace.attributes.enumerated() {
                try add(index == 0 ? "" : ", ", to: &text)
                try add(PythonText.quoted(attribute.name) + ": ", to: &text)
                try write(attribute.value, to: &text)
            }
            try add("}>", to: &text)
        case .loop(let loop):
            try add("<LoopContext \(loop.index0 + 1)/\(loop.length)>", to: &text)
        case .macro(let macro):
            let name = macro.macro.name.map(PythonText.quoted)
            try add("<Macro \(name ?? "anonymous")>", to: &text)
        case .generator(let generator): try add("<generator object \(generator.name)>", to: &text)
        case .method(let method): try add("<built-in method \(method.name)>", to: &text)
        case .function(let function): try add("<function \(function.rawValue)>", to: &text)
        case .cycler, .joiner: try add("<\(value.typeName) object>", to: &text)
        }
    }

    private func write(
        _ items: [RuntimeValue], _ opening: String, _ closing: String, to text: inout String
    ) throws(TemplateError) {
        try descend()
        defer { ascend() }
        try add(opening, to: &text)
        for (index, item) in items.enumerated() {
            if index > 0 { try add(", ", to: &text) }
            try write(item, to: &text)
        }
        try add(closing, to: &text)
    }

    private func write(
        _ dictionary: RuntimeDictionary, to text: inout String
    ) throws(TemplateError) {
        try descend()
        defer { ascend() }
        try add("{", to: &text)
        for index in 0..<dictionary.count {
            if index > 0 { try add(", ", to: &text) }
            try write(dictionary.keys[index], to: &text)
            try add(": ", to: &text)
            try write(dictionary.values[index], to: &text)
        }
        try add("}", to: &text)
    }

    // MARK: JSON

    /// How `tojson` lays out its text.
    struct JSONStyle {
        var escapesNonASCII = false
        /// One level's indentation; nil for one line.
        var indentation: String?
        var itemSeparator = ", "
        var keySeparator = ": "
        var sortsKeys = false
    }

    func json(_ value: RuntimeValue, _ style: JSONStyle) throws(TemplateError) -> String {
        var text = ""
        try write(value, style, level: 0, to: &text)
        return text
    }

    private func write(
        _ value: RuntimeValue, _ style: JSONStyle, level: Int, to text: inout String
    ) throws(TemplateError) {
        try charge(1)
        switch value {
        case .none: try add("null", to: &text)
        case .boolean(let value): try add(value ? "true" : "false", to: &text)
        case .integer(let value): try add(String(value), to: &text)
        case .number(let value): try add(JSONText.number(value), to: &text)
        case .string(let value), .markup(let value):
            try add(JSONText.quoted(value, escapesNonASCII: style.escapesNonASCII), to: &text)
        case .list(let list), .tuple(let list):
            try descend()
            defer { ascend() }
            try open("[", isEmpty: list.items.isEmpty, style, level: level, to: &text)
            for (index, item) in list.items.enumerated() {
                try separate(index, style, level: level, to: &text)
                try write(item, style, level: level + 1, to: &text)
            }
            try close("]", isEmpty: list.items.isEmpty, style, level: level, to: &text)
        case .dictionary(let dictionary):
            try write(dictionary, style, level: level, to: &text)
        default:
            throw failure("Object of type \(value.typeName) is not JSON serializable")
        }
    }

    private func write(
        _ dictionary: RuntimeDictionary, _ style: JSONStyle, level: Int, to text: inout String
    ) throws(TemplateError) {
        try descend()
        defer { ascend() }
        var order = Array(0..<dictionary.count)
        if style.sortsKeys {
            order = try sorted(order, isReversed: false) { left, right throws(TemplateError) in
                try self.less(dictionary.keys[left], dictionary.keys[right])
            }
        }
        try open("{", isEmpty: order.isEmpty, style, level: level, to: &text)
        for (index, place) in order.enumerated() {
            try separate(index, style, level: level, to: &text)
            try add(try jsonKey(dictionary.keys[place], style), to: &text)
            try add(style.keySeparator, to: &text)
            try write(dictionary.values[place], style, level: level + 1, to: &text)
        }
        try close("}", isEmpty: order.isEmpty, style, level: level, to: &text)
    }

    private func jsonKey(
        _ key: RuntimeValue, _ style: JSONStyle
    ) throws(TemplateError) -> String {
        let text: String
        switch key {
        case .string(let value): text = value
        case .none: text = "null"
        case .boolean(let value): text = value ? "true" : "false"
        case .integer(let value): text = String(value)
        case .number(let value): text = JSONText.number(value)
        default:
            throw failure("keys must be str, int, float, bool or None, not \(key.typeName)")
        }
        return JSONText.quoted(text, escapesNonASCII: style.escapesNonASCII)
    }

    private func breakLine(
        _ style: JSONStyle, level: Int, to text: inout String
    ) throws(TemplateError) {
        guard let indentation = style.indentation else { return }
        try add("\n" + (try repeated(indentation, level)), to: &text)
    }

    private func open(
        _ bracket: String, isEmpty: Bool, _ style: JSONStyle, level: Int, to text: inout String
    ) throws(TemplateError) {
        try add(bracket, to: &text)
        if !isEmpty { try breakLine(style, level: level + 1, to: &text) }
    }

    private func separate(
        _ index: Int, _ style: JSONStyle, level: Int, to text: inout String
    ) throws(TemplateError) {
        guard index > 0 else { return }
        try add(style.itemSeparator, to: &text)
        try breakLine(style, level: level + 1, to: &text)
    }

    private func close(
        _ bracket: String, isEmpty: Bool, _ style: JSONStyle, level: Int, to text: inout String
    ) throws(TemplateError) {
        if !isEmpty { try breakLine(style, level: level, to: &text) }
        try add(bracket, to: &text)
    }

    /// A stable sort by a comparison that may fail; reversed, equal items keep their order too.
    func sorted<Item>(
        _ items: [Item], isReversed: Bool,
        by precedes: (Item, Item) throws(TemplateError) -> Bool
    ) throws(TemplateError) -> [Item] {
        var items = items
        var width = 1
        while width < items.count {
            var merged: [Item] = []
            merged.reserveCapacity(items.count)
            for start in stride(from: 0, to: items.count, by: width * 2) {
                let middle = min(start + width, items.count)
                let end = min(start + width * 2, items.count)
                var (left, right) = (start, middle)
                while left < middle, right < end {
                    try charge(1)
                    let takesRight =
                        isReversed
                        ? try precedes(items[left], items[right])
                        : try precedes(items[right], items[left])
                    merged.append(items[takesRight ? right : left])
                    if takesRight { right += 1 } else { left += 1 }
                }
                merged += items[left..<middle]
                merged += items[right..<end]
            }
            items = merged
            width *= 2
        }
        return items
    }
}
