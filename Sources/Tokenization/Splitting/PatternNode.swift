/// The syntax tree of a pattern.
indirect enum PatternNode {
    case empty
    case set(ScalarClass)
    case sequence([PatternNode])
    case alternation([PatternNode])
    case loop(PatternNode, minimum: Int, maximum: Int?, mode: Mode)
    case look(PatternNode, negative: Bool)
    /// The body, whose alternatives each match a fixed number of code points, ends here.
    case lookBehind(PatternNode, negative: Bool)
    case atomic(PatternNode)
    case assertion(Assertion)

    /// How much a loop takes.
    enum Mode: Sendable {
        case greedy, lazy, possessive
    }

    /// A place in the text.
    enum Assertion: Sendable {
        case lineStart, lineEnd, textStart, textEnd, textEndOrLastLine, wordBoundary
        case notWordBoundary
    }

    /// How many code points every match has, `nil` when that varies.
    var fixedLength: Int? {
        switch self {
        case .empty, .look, .lookBehind, .assertion: return 0
        case .set: return 1
        case .atomic(let body): return body.fixedLength
        case .sequence(let parts):
            var total = 0
            for part in parts {
                guard let length = part.fixedLength else { return nil }
                total += length
            }
            return total
        case .alternation(let parts):
            let lengths = parts.map(\.fixedLength)
            guard let first = lengths.first, let length = first else { return nil }
            return lengths.allSatisfy { $0 == length } ? length : nil
        case .loop(let body, let minimum, let maximum, _):
            guard maximum == minimum, let length = body.fixedLength else { return nil }
            let (total, overflow) = length.multipliedReportingOverflow(by: minimum)
            return overflow ? nil : total
        }
    }

    /// Whether it can match without taking anything.
    var isNullable: Bool {
        switch self {
        case .empty, .look, .lookBehind, .assertion: true
        case .set: false
        case .atomic(let body): body.isNullable
        case .sequence(let parts): parts.allSatisfy(\.isNullable)
        case .alternation(let parts): parts.contains(where: \.isNullable)
        case .loop(let body, let minimum, _, _): minimum == 0 || body.isNullable
        }
    }
}
