extension TemplateEvaluator {
    /// The items that a loop over `value` sees.
    func iterate(_ value: RuntimeValue) throws(TemplateError) -> [RuntimeValue] {
        switch value.plain {
        case .undefined: return []
        case .string(let text):
            try charge(text.utf8.count)
            return text.unicodeScalars.map { .string(String($0)) }
        case .list(let list), .tuple(let list), .view(let list, _): return list.items
        case .dictionary(let dictionary): return dictionary.keys
        case .range(let range):
            try charge(range.count)
            return range.items
        case .generator(let generator): return generator.takeAll()
        default: throw failure("'\(value.typeName)' object is not iterable")
        }
    }

    private func missing(_ name: String, of value: RuntimeValue) -> RuntimeValue {
        .undefined(UndefinedValue("'\(value.typeName) object' has no attribute '\(name)'"))
    }

    private func refused(_ name: String, of value: RuntimeValue) -> RuntimeValue {
        .undefined(
            UndefinedValue(
                "access to attribute '\(name)' of '\(value.typeName)' object is unsafe",
                isUnsafe: true))
    }

    /// `value.name`: the attribute, or else the item of that name.
    func attribute(
        _ name: String, of value: RuntimeValue
    ) throws(TemplateError) -> RuntimeValue {
        if case .undefined(let undefined) = value { throw failure(undefined) }
        if let attribute = try ownAttribute(name, of: value) { return attribute }
        if case .dictionary(let dictionary) = value, let item = dictionary[name] { return item }
        return missing(name, of: value)
    }

    /// `value[key]`: the item, or else the attribute of that name.
    func item(_ key: RuntimeValue, of value: RuntimeValue) throws(TemplateError) -> RuntimeValue {
        if case .undefined(let undefined) = value { throw failure(undefined) }
        switch value.plain {
        case .dictionary(let dictionary):
            if let item = dictionary[key] { return item }
        case .list(let list), .tuple(let list):
            if let index = key.integer, let place = place(index, count: list.items.count) {
                return list.items[place]
            }
        case .range(let range):
            if let index = key.integer, let place = place(index, count: range.count) {
                return range.item(place)
            }
        case .string(let text):
            if let index = key.integer {
                try charge(bytes: text.utf8.count)
                if let scalar = scalar(index, of: text) { return .string(String(scalar)) }
            }
        default: break
        }
        if case .string(let name) = key.plain {
            if let attribute = try ownAttribute(name, of: value) { return attribute }
            return missing(name, of: value)
        }
        return .undefined(
            UndefinedValue(
                "\(value.typeName) object has no element \(try representation(of: key))"))
    }

    private func scalar(_ index: Int, of text: String) -> Unicode.Scalar? {
        let scalars = text.unicodeScalars
        if index >= 0 { return scalars.dropFirst(index).first }
        guard index > Int.min else { return nil }
        let tail = scalars.suffix(-index)
        return tail.count == -index ? tail.first : nil
    }

    private func place(_ index: Int, count: Int) -> Int? {
        let place = index < 0 ? index &+ count : index
        return place >= 0 && place < count ? place : nil
    }

    /// What the value itself answers to `name`; nil if it has no such attribute.
    private func ownAttribute(
        _ name: String, of value: RuntimeValue
    ) throws(TemplateError) -> RuntimeValue? {
        switch value {
        case .namespace(let namespace):
            guard let attribute = namespace[name] else {
                return name == "__class__" ? refused(name, of: value) : nil
            }
            return attribute
        case .loop(let loop):
            if let attribute = try loopAttribute(name, of: loop) { return attribute }
        case .tuple(let list) where list.isGroup && (name == "grouper" || name == "list"):
            return list.items[name == "grouper" ? 0 : 1]
        case .macro(let macro):
            if let attribute = try macroAttribute(name, of: macro) { return attribute }
        case .integer, .boolean, .number:
            if let part = numberAttribute(name, of: value) { return part }
        case .cycler(let cycler) where name == "current":
            return cycler.items.items[cycler.position]
        default: break
        }
        if TemplateMethods.mutating(value).contains(name) { return refused(name, of: value) }
        if TemplateMethods.names(value).contains(name) { return try method(value, name) }
        if name.hasPrefix("_"), TemplateMethods.internalNames.contains(name) {
            return refused(name, of: value)
        }
        return nil
    }

    private func numberAttribute(_ name: String, of value: RuntimeValue) -> RuntimeValue? {
        switch (name, value) {
        case ("real", .number): value
        case ("imag", .number): .number(0)
        case ("real", _), ("numerator", _): value.integer.map { .integer($0) }
        case ("imag", _): .integer(0)
        case ("denominator", .integer), ("denominator", .boolean): .integer(1)
        default: nil
        }
    }

    private func loopAttribute(
        _ name: String, of loop: RuntimeLoop
    ) throws(TemplateError) -> RuntimeValue? {
        switch name {
        case "index": .integer(loop.index0 + 1)
        case "index0": .integer(loop.index0)
        case "revindex": .integer(loop.length - loop.index0)
        case "revindex0": .integer(loop.length - loop.index0 - 1)
        case "first": .boolean(loop.index0 == 0)
        case "last": .boolean(loop.index0 + 1 >= loop.length)
        case "length": .integer(loop.length)
        case "depth": .integer(loop.depth0 + 1)
        case "depth0": .integer(loop.depth0)
        case "previtem":
            loop.item(at: -1) ?? .undefined(UndefinedValue("there is no previous item"))
        case "nextitem":
            loop.item(at: 1) ?? .undefined(UndefinedValue("there is no next item"))
        default: nil
        }
    }

    private func macroAttribute(
        _ name: String, of macro: RuntimeMacro
    ) throws(TemplateError) -> RuntimeValue? {
        switch name {
        case "name": macro.macro.name.map { .string($0) } ?? RuntimeValue.none
        case "arguments": try tuple(macro.macro.parameters.map { .string($0.text) })
        case "caller": .boolean(macro.macro.usesCaller)
        case "catch_kwargs": .boolean(macro.macro.usesKeywords)
        case "catch_varargs": .boolean(macro.macro.usesVariadic)
        default: nil
        }
    }

    // MARK: Slices

    private func bound(_ value: RuntimeValue) throws(TemplateError) -> Int? {
        if value.isNone { return nil }
        guard let index = value.integer else {
            throw failure("slice indices must be integers or None")
        }
        return index
    }

    func slice(
        _ value: RuntimeValue, start: RuntimeValue, stop: RuntimeValue, step: RuntimeValue
    ) throws(TemplateError) -> RuntimeValue {
        try require(value)
        let (start, stop, step) = (try bound(start), try bound(stop), try bound(step))
        guard step != 0 else { throw failure("slice step cannot be zero") }
        switch value.plain {
        case .string(let text):
            try charge(bytes: text.utf8.count)
            let scalars = Array(text.unicodeScalars)
            let places = Self.places(scalars.count, start, stop, step ?? 1)
            return .string(PythonText.string(places.map { scalars[$0] }))
        case .list(let list), .tuple(let list):
            let places = Self.places(list.items.count, start, stop, step ?? 1)
            let items = places.map { list.items[$0] }
            if case .list = value { return try self.list(items) }
            return try tuple(items)
        case .range(let range):
            let places = Self.places(range.count, start, stop, step ?? 1)
            let stride = range.step &* (step ?? 1)
            let first = places.first.map { range.start &+ $0 &* range.step } ?? range.start
            return .range(
                RuntimeRange(
                    start: first, stop: first &+ places.count &* stride, step: stride,
                    count: places.count))
        case .dictionary: throw failure("unhashable type: 'slice'")
        default: throw failure("'\(value.typeName)' object is not subscriptable")
        }
    }

    /// The indices that a slice of `count` items takes.
    private static func places(_ count: Int, _ start: Int?, _ stop: Int?, _ step: Int) -> [Int] {
        func clamped(_ index: Int, _ low: Int, _ high: Int) -> Int {
            min(max(index < 0 ? index &+ count : index, low), high)
        }
        let (low, high) = step > 0 ? (0, count) : (-1, count - 1)
        let first = start.map { clamped($0, low, high) } ?? (step > 0 ? 0 : count - 1)
        let last = stop.map { clamped($0, low, high) } ?? (step > 0 ? count : -1)
        return Array(stride(from: first, to: last, by: step == Int.min ? -Int.max : step))
    }
}
