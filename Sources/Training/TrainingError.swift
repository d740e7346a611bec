/// Why training cannot start or go on.
public enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file cannot be read or written, or does not hold what it should.
    case file(path: String, reason: String)
    /// A setting of a recipe is not as it should be.
    case setting(name: String, expected: String, found: String)
    /// The checkpoint or problem file that a run starts from is not usable.
    case start(String)
    /// The result of training a checkpoint could not be written as a Hugging Face folder.
    case export(path: String, reason: String)
    /// Responses could not be drawn.
    case sampling(reason: String)
    /// The run was asked to stop.
    case cancelled

    /// What went wrong, where, and what would be right.
    public var description: String {
        switch self {
        case .file(let path, let reason):
            "\(path): \(reason)"
        case .setting(let name, let expected, let found):
            "\(name): expected \(expected), found \(found)"
        case .start(let reason):
            reason
        case .export(let path, let reason):
            "\(path): cannot become a Hugging Face folder: \(reason)"
        case .sampling(let reason):
            "responses could not be drawn: \(reason)"
        case .cancelled:
            "stopped"
        }
    }
}
