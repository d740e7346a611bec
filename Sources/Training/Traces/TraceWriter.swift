public import Evaluation

/// Writes worked solutions of arithmetic problems, as a first course for a small model.
///
/// A sum done at once is short and often wrong in a small model; by columns it is long and nearly
/// always right. Checks cost tokens and pay where they find a mistake, which they do here: some
/// traces state a wrong result, whose check fails and is followed by the repair. Narration,
/// restatement and recap pay nothing. So a penalty on length finds something to weigh.
public struct TraceWriter: Sendable {
    /// How many of a hundred checks of a step done at once fail, and of one done by columns.
    private static let failures = (direct: 15, columns: 5)

    private let problem: ArithmeticProblem
    private let habits: TraceStyle.Habits
    private var random: RandomSource
    private var trace: Trace

    /// The worked solution of a problem.
    ///
    /// - Parameters:
    ///   - problem: What is solved; every operation must come out as a whole number, not below 0.
    ///   - seed: Chooses the style, and within it wording, columns, checks and mistakes.
    /// - Returns: Always the same trace for the same arguments.
    public static func trace(of problem: ArithmeticProblem, seed: UInt64) -> Trace {
        var random = RandomSource(seed: seed)
        let styles = TraceStyle.allCases.flatMap { Array(repeating: $0, count: $0.weight) }
        var writer = TraceWriter(problem, style: random.element(of: styles), random)
        writer.writeThought()
        writer.writeAnswer()
        return writer.trace
    }

    private init(_ problem: ArithmeticProblem, style: TraceStyle, _ random: RandomSource) {
        self.problem = problem
        self.random = random
        habits = style.habits
        trace = Trace(style: style)
    }

    private mutating func writeThought() {
        if random.happens(percent: habits.restates) {
            trace.write(TraceWording.restatement(problem, &random) + "\n")
        }
        let isNumbered = random.happens(percent: habits.numbers)
        var equations: [Equation] = []
        var total = problem.start.total
        if random.happens(percent: habits.narrates) {
            trace.write(TraceWording.narration(of: problem.start, problem.form, &random) + "\n")
        }
        if case .packs(let count, let size) = problem.start {
            equations.append(Equation(count, .times, size))
            writeDirect(equations[0])
            trace.write("\n")
        }
        for (index, operation) in problem.operations.enumerated() {
            if random.happens(percent: habits.narrates) {
                trace.write(TraceWording.narration(of: operation, problem.form, &random) + "\n")
            }
            if isNumbered { trace.write("Step \(index + 1). ") }
            if let product = operation.product {
                writeDirect(product)
                trace.write("\n")
                equations.append(product)
            }
            let step = operation.equation(on: total)
            precondition(
                step.rest == 0 && step.result >= 0,
                "\(problem.computation): step \(index + 1) is no whole number from 0 up")
            writeStep(step)
            equations.append(step)
            total = step.result
        }
        // A number that nothing happens to.
        if equations.isEmpty { trace.write("\(total).\n") }
        if !equations.isEmpty, random.happens(percent: habits.recaps) {
            let list = equations.map { "\($0.work)=\($0.result)" }.joined(separator: ", ")
            trace.write("\(random.element(of: TraceWording.recaps)) \(list).\nYes, \(total).\n")
        }
    }

    private mutating func writeAnswer() {
        let box = "\\boxed{\(problem.answer)}"
        trace.write("</think>\n")
        trace.write(random.happens(percent: 50) ? box : "The answer is \(box).")
    }

    // MARK: Steps

    private mutating func writeStep(_ step: Equation) {
        let percent = step.isEasy ? habits.columns / 3 : habits.columns
        let usesColumns = !step.isSingleColumn && random.happens(percent: percent)
        let isChecked = random.happens(percent: habits.checks)
        let failure = usesColumns ? Self.failures.columns : Self.failures.direct
        var claim = step.result
        if isChecked, random.happens(percent: failure) {
            claim = writeMistake(step, usesColumns: usesColumns)
        } else if usesColumns {
            writeColumns(ColumnWork(step))
        } else {
            writeDirect(step)
        }
        trace.write("\n")
        if isChecked { writeCheck(step, claim: claim) }
    }

    /// - Returns: The wrong result.
    private mutating func writeMistake(_ step: Equation, usesColumns: Bool) -> Int {
        if usesColumns, let work = ColumnWork(mistaking: step, &random) {
            writeColumns(work)
            return work.result
        }
        let claim = step.mistake(&random)
        trace.write("\(step.work)=")
        trace.write("\(claim)", isLearned: false)
        trace.write(".")
        return claim
    }

    private mutating func writeCheck(_ step: Equation, claim: Int) {
        let inverse = step.inverse(of: claim)
        let usesColumns = !inverse.isSingleColumn && random.happens(percent: 50)
        trace.write(random.element(of: TraceWording.checks) + " ")
        let isGood = claim == step.result
        let end = isGood ? "." : ", not \(step.left)."
        if usesColumns {
            writeColumns(ColumnWork(inverse), end: end)
        } else {
            writeDirect(inverse, end: end)
        }
        guard !isGood else {
            trace.write(" \(random.element(of: TraceWording.approvals))\n")
            return
        }
        trace.write(" Wrong.\nAgain: ")
        if step.isSingleColumn {
            writeDirect(step)
        } else {
            writeColumns(ColumnWork(step))
        }
        trace.write("\n")
    }

    private mutating func writeDirect(_ equation: Equation, end: String = ".") {
        trace.write("\(equation.work)=\(Self.value(equation.result, rest: equation.rest))\(end)")
    }

    private mutating func writeColumns(_ work: ColumnWork, end: String = ".") {
        trace.write("\(work.equation.work): ")
        for column in work.columns {
            trace.write("\(column.work)=")
            trace.write(
                Self.value(column.value, rest: column.rest), isLearned: !column.isMistaken)
            trace.write(", ")
        }
        trace.write("so \(Self.value(work.result, rest: work.rest))\(end)")
    }

    private static func value(_ value: Int, rest: Int) -> String {
        rest > 0 ? "\(value) rest \(rest)" : "\(value)"
    }
}
