/// A compiled regular expression, for the patterns that no ``WordScanner`` knows.
///
/// It backtracks, as the reference's engine does, so that it finds the same matches; but it
/// remembers what failed, so that a search costs time linear in the text: a loop over one class
/// never rescans a stretch where what follows it has failed, and when the remaining choices take
/// too many steps each (instruction, place) is tried only once.
struct Pattern: Sendable {
    /// One step of the program.
    enum Instruction: Sendable {
        case set(Int)
        /// A loop over one class.
        case loop(Int, minimum: Int, maximum: Int, mode: PatternNode.Mode)
        /// Goes on at the first, and at the second when that fails.
        case split(Int, Int)
        case jump(Int)
        /// The program at the index matches here, or must not.
        case look(Int, negative: Bool)
        /// One of the programs, each so many code points long, ends here.
        case lookBehind([(program: Int, length: Int)], negative: Bool)
        case atomic(Int)
        case assertion(PatternNode.Assertion)
        case accept
    }

    /// Instructions accepted in one program.
    static let maximumSize = 20_000

    private(set) var program: [Instruction] = []
    private(set) var sets: [CompiledClass] = []
    /// A group that can match nothing is repeated: only the memory of tried places ends it.
    private var needsMemory = false
    private let classes = UnicodeClasses.table

    /// Compiles a pattern.
    init(_ pattern: String) throws(TokenizationError) {
        var parser = PatternParser(pattern)
        let tree = try parser.parse()
        try compile(tree, pattern)
        program.append(.accept)
    }

    /// A pattern that matches exactly this text.
    init(literal: String) {
        for scalar in literal.unicodeScalars { emit(.set(add(.scalar(scalar.value)))) }
        emit(.accept)
    }

    private mutating func add(_ source: ScalarClass) -> Int {
        sets.append(CompiledClass(source))
        return sets.count - 1
    }

    private mutating func emit(_ instruction: Instruction) {
        program.append(instruction)
    }

    private mutating func compile(
        _ node: PatternNode, _ pattern: String
    ) throws(TokenizationError) {
        guard program.count < Self.maximumSize else {
            throw .invalidPattern(
                pattern: pattern.quoted, offset: 0,
                reason: "more than \(Self.maximumSize) instructions")
        }
        switch node {
        case .empty: break
        case .set(let source): emit(.set(add(source)))
        case .sequence(let parts):
            for part in parts { try compile(part, pattern) }
        case .alternation(let branches):
            var jumps: [Int] = []
            for (index, branch) in branches.enumerated() {
                guard index + 1 < branches.count else {
                    try compile(branch, pattern)
                    continue
                }
                let split = program.count
                emit(.accept)
                try compile(branch, pattern)
                jumps.append(program.count)
                emit(.accept)
                program[split] = .split(split + 1, program.count)
            }
            for jump in jumps { program[jump] = .jump(program.count) }
        case .loop(let body, let minimum, let maximum, let mode):
            try compileLoop(body, minimum, maximum, mode, pattern)
        case .look(let body, let negative):
            try compileApart(body, pattern) { .look($0, negative: negative) }
        case .atomic(let body):
            try compileApart(body, pattern) { .atomic($0) }
        case .lookBehind(let body, let negative):
            var branches = [body]
            if case .alternation(let parts) = body { branches = parts }
            let jump = program.count
            emit(.accept)
            var programs: [(program: Int, length: Int)] = []
            for branch in branches {
                programs.append((program.count, branch.fixedLength ?? 0))
                try compile(branch, pattern)
                emit(.accept)
            }
            program[jump] = .jump(program.count)
            emit(.lookBehind(programs, negative: negative))
        case .assertion(let assertion): emit(.assertion(assertion))
        }
    }

    /// A body that runs as a program of its own, jumped over by the one around it.
    private mutating func compileApart(
        _ body: PatternNode, _ pattern: String, _ instruction: (Int) -> Instruction
    ) throws(TokenizationError) {
        let jump = program.count
        emit(.accept)
        try compile(body, pattern)
        emit(.accept)
        program[jump] = .jump(program.count)
        emit(instruction(jump + 1))
    }

    private mutating func compileLoop(
        _ body: PatternNode, _ minimum: Int, _ maximum: Int?, _ mode: PatternNode.Mode,
        _ pattern: String
    ) throws(TokenizationError) {
        if case .set(let source) = body {
            emit(.loop(add(source), minimum: minimum, maximum: maximum ?? .max, mode: mode))
            return
        }
        if mode == .possessive {
            let greedy = PatternNode.loop(body, minimum: minimum, maximum: maximum, mode: .greedy)
            return try compileApart(greedy, pattern) { .atomic($0) }
        }
        if body.isNullable { needsMemory = true }
        for _ in 0..<minimum { try compile(body, pattern) }
        guard let maximum else {
            let split = program.count
            emit(.accept)
            try compile(body, pattern)
            emit(.jump(split))
            program[split] = choice(split + 1, program.count, mode)
            return
        }
        var splits: [Int] = []
        for _ in minimum..<max(minimum, maximum) {
            splits.append(program.count)
            emit(.accept)
            try compile(body, pattern)
        }
        for split in splits { program[split] = choice(split + 1, program.count, mode) }
    }

    private func choice(_ body: Int, _ exit: Int, _ mode: PatternNode.Mode) -> Instruction {
        mode == .lazy ? .split(exit, body) : .split(body, exit)
    }

    /// What a search remembers of one text.
    struct Memory: Sendable {
        /// Where to go on when the present way fails.
        struct Choice: Sendable {
            var instruction: Int
            var place: Int
            /// Where a greedy loop may end at the earliest, or how much more a lazy one may take.
            var bound: Int
            /// Greedy loop: where it began to be optional.
            var origin: Int
        }

        var choices: [Choice] = []
        /// Per loop instruction the stretch over which it has failed last.
        var failed: [Range<Int>] = []
        var steps = 0
        var stepLimit = 0
        var remembers = false
        var tried: Set<UInt64> = []

        /// Remembers nothing.
        init() {}

        mutating func begin(_ pattern: Pattern, length: Int) {
            choices.removeAll(keepingCapacity: true)
            failed.removeAll(keepingCapacity: true)
            failed.append(contentsOf: repeatElement(0..<0, count: pattern.program.count))
            steps = 0
            stepLimit = 10_000 + 64 * length
            remembers = pattern.needsMemory
            tried.removeAll()
        }
    }

    /// The leftmost match that starts at or after `start`; the first alternative that works wins.
    ///
    /// - Parameters:
    ///   - text: Well-formed UTF-8.
    ///   - lower: Where the text to look at begins.
    ///   - start: Where to look from; `lower` on the first call for a text.
    ///   - end: Where the text to look at ends.
    ///   - memory: Kept between the calls for one text.
    /// - Returns: The match, perhaps empty.
    func nextMatch(
        _ text: Span<UInt8>, lower: Int, from start: Int, to end: Int, memory: inout Memory
    ) -> Range<Int>? {
        if start == lower { memory.begin(self, length: end - lower) }
        let run = PatternRun(
            pattern: self, lower: lower, end: end)
        var index = start
        while true {
            let stop = run.match(text, classes.span, 0, index, &memory)
            if stop >= 0 {
                // what lies on the way of a match has not failed
                if memory.remembers { memory.tried.removeAll(keepingCapacity: true) }
                return index..<stop
            }
            guard index < end else { return nil }
            index += decodeScalar(text, index).length
        }
    }
}

extension Pattern {
    /// `\w+|[^\w\s]+` as Rust's regex crate reads it, which differs from Oniguruma in some words.
    init(crateWords: Void) {
        let words = ScalarClass.ranges(ScalarSet(bounds: UnicodeClasses.crateWordRanges))
        let others = ScalarClass.complement(
            .union([words, .categories(UnicodeClasses.whiteSpace)]))
        let first = add(words)
        let second = add(others)
        emit(.split(1, 3))
        emit(.loop(first, minimum: 1, maximum: .max, mode: .greedy))
        emit(.accept)
        emit(.loop(second, minimum: 1, maximum: .max, mode: .greedy))
        emit(.accept)
    }
}
