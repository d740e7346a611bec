import Foundation

/// Problems in a fixed order, from a file of JSON lines.
///
/// Each line is an object with the texts `id`, `question` and `answer` and perhaps `difficulty`
/// or `level`, a whole number or a word, and perhaps a text `solution`; other fields are passed
/// over.
public struct ProblemSet: Sendable, Equatable {
    /// What reports call it: the file's name without its ending.
    public var name: String
    /// The problems.
    public var problems: [Problem]

    /// A set of problems.
    public init(name: String, problems: [Problem]) {
        self.name = name
        self.problems = problems
    }

    /// Reads a file.
    ///
    /// - Parameter path: Where it lies.
    /// - Throws: `EvaluationError` naming file, line and field of the first thing that is wrong.
    public init(path: String) throws(EvaluationError) {
        let url = URL(fileURLWithPath: path)
        let bytes: Data
        do {
            bytes = try Data(contentsOf: url, options: .mappedIfSafe)
        } catch {
            throw .file(path: path, reason: "cannot be read")
        }
        try self.init(
            name: url.deletingPathExtension().lastPathComponent, file: path,
            jsonLines: Array(bytes))
    }

    /// Reads JSON lines.
    ///
    /// - Parameters:
    ///   - name: What reports call the set.
    ///   - file: What errors call the text.
    ///   - jsonLines: UTF-8; blank lines are passed over.
    /// - Throws: `EvaluationError` naming file, line and field of the first thing that is wrong.
    public init(name: String, file: String, jsonLines: [UInt8]) throws(EvaluationError) {
        self.name = name
        problems = []
        var lines: [String: Int] = [:]
        for (number, bytes) in JSONLines(jsonLines) {
            let line = try JSONLine(bytes, file: file, number: number)
            let problem = try Problem(line)
            if let first = lines.updateValue(number, forKey: problem.id) {
                throw .duplicateID(file: file, id: problem.id, first: first, second: number)
            }
            problems.append(problem)
        }
        guard !problems.isEmpty else { throw .noProblems(file: file) }
    }

    /// The problems in the order that a seed gives; the first n are a fair choice of n.
    public func shuffled(seed: UInt64) -> ProblemSet {
        var random = RandomSource(seed: seed)
        return ProblemSet(name: name, problems: random.shuffled(problems))
    }

    /// The first problems, at most `limit`.
    public func limited(to limit: Int) -> ProblemSet {
        ProblemSet(name: name, problems: Array(problems.prefix(max(0, limit))))
    }
}

extension Problem {
    init(_ line: JSONLine) throws(EvaluationError) {
        id = try line.text("id")
        question = try line.text("question")
        answer = try line.text("answer")
        difficulty = try line.difficulty("difficulty")
        if difficulty == nil { difficulty = try line.difficulty("level") }
        solution = try line.optionalText("solution")
    }
}
