/// The evaluated arguments of a call.
struct TemplateCallArguments {
    var positional: [RuntimeValue] = []
    var named: [(name: String, value: RuntimeValue)] = []

    /// The arguments in the order of `names`, nil where one was not given.
    ///
    /// `required` says how many of them must be there.
    func bound(
        to names: [String], required: Int = 0, of function: String, line: Int
    ) throws(TemplateError) -> [RuntimeValue?] {
        guard positional.count <= names.count else {
            throw .evaluation(
                line: line,
                message: "\(function) takes at most \(names.count) arguments, got "
                    + "\(positional.count)")
        }
        var values: [RuntimeValue?] = positional
        values += Array(repeating: nil, count: names.count - positional.count)
        for (name, value) in named {
            guard let index = names.firstIndex(of: name) else {
                throw .evaluation(
                    line: line, message: "\(function) got an unexpected argument '\(name)'")
            }
            guard values[index] == nil else {
                throw .evaluation(
                    line: line, message: "\(function) got two values for argument '\(name)'")
            }
            values[index] = value
        }
        for index in 0..<required where values[index] == nil {
            throw .evaluation(
                line: line, message: "\(function) is missing argument '\(names[index])'")
        }
        return values
    }
}
