/// Why an evaluation, or its data, is not as it should be.
public enum EvaluationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file cannot be read or written.
    case file(path: String, reason: String)
    /// A line is not one JSON object.
    case malformedLine(file: String, line: Int, reason: String)
    /// A field of a line is missing or of another kind.
    case field(file: String, line: Int, name: String, expected: String, found: String)
    /// Two lines carry the same id.
    case duplicateID(file: String, id: String, first: Int, second: Int)
    /// A file has no problem.
    case noProblems(file: String)
    /// A file's samples were made with another setting.
    case otherSetting(file: String, line: Int, name: String, expected: String, found: String)
    /// Another process writes to the file.
    case inUse(path: String)
    /// No member of that name answers.
    case unknownMember(asked: String, known: [String])
    /// A member cannot answer at all.
    case refused(member: String, problem: String, reason: String)
    /// A server did not answer as it should, after so many tries.
    case server(url: String, attempts: Int, reason: String)
    /// The split has not that many different problems of a tier.
    case exhausted(tier: String, split: String, wanted: Int, found: Int)

    /// What went wrong, where, and what would be right.
    public var description: String {
        switch self {
        case .file(let path, let reason):
            "\(path): \(reason)"
        case .malformedLine(let file, let line, let reason):
            "\(file), line \(line): expected one JSON object; \(reason)"
        case .field(let file, let line, let name, let expected, let found):
            "\(file), line \(line), field '\(name)': expected \(expected), found \(found)"
        case .duplicateID(let file, let id, let first, let second):
            "\(file), line \(second), field 'id': '\(id)' is taken by line \(first)"
        case .noProblems(let file):
            "\(file): expected a problem a line, found none"
        case .otherSetting(let file, let line, let name, let expected, let found):
            "\(file), line \(line): its samples were made with another \(name): "
                + "expected \(expected), found \(found); give another --out or the old settings"
        case .inUse(let path):
            "\(path): another evaluation writes to it"
        case .unknownMember(let asked, let known):
            "no member '\(asked)'; expected one of \(known.joined(separator: ", "))"
        case .refused(let member, let problem, let reason):
            "\(member) cannot answer problem '\(problem)': \(reason)"
        case .server(let url, let attempts, let reason):
            "\(url): \(reason), after \(attempts) \(attempts == 1 ? "try" : "tries")"
        case .exhausted(let tier, let split, let wanted, let found):
            "split \(split), tier \(tier): \(wanted) different problems were asked for, "
                + "\(found) were found"
        }
    }
}
