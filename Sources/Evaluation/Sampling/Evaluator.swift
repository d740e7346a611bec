/// Asks every member every problem, several times over, and keeps what came.
///
/// Many questions are open at once, so that engines decode them in one batch. The order in which
/// answers come changes nothing but the order of lines in the log: every sample's seed is its
/// own, and results are returned by member, problem and sample.
public struct Evaluator: Sendable {
    /// How far an evaluation is.
    public struct Progress: Sendable, Equatable {
        /// Samples there will be.
        public var total: Int
        /// Samples that an earlier run had made.
        public var reused: Int
        /// Samples of this run.
        public var made: Int
        /// Of all those, the correct ones.
        public var correct: Int
        /// New tokens of this run's samples.
        public var tokens: Int

        /// Samples that are there.
        public var done: Int { reused + made }

        /// How far an evaluation is.
        public init(total: Int, reused: Int, made: Int, correct: Int, tokens: Int) {
            self.total = total
            self.reused = reused
            self.made = made
            self.correct = correct
            self.tokens = tokens
        }
    }

    /// What an evaluation came to.
    public struct Outcome: Sendable, Equatable {
        /// The samples that are there: by member, then problem, then number.
        public var records: [SampleRecord]
        /// Whether those are all, or the task was cancelled before.
        public var isComplete: Bool

        /// What an evaluation came to.
        public init(records: [SampleRecord], isComplete: Bool) {
            self.records = records
            self.isComplete = isComplete
        }
    }

    private let source: any ResponseSource
    private let settings: EvaluationSettings
    private let concurrency: Int
    private let grade: @Sendable (String, Problem) -> Judgement

    /// An evaluator.
    ///
    /// - Parameters:
    ///   - source: What answers.
    ///   - settings: How it is asked.
    ///   - concurrency: Questions open at once, at least 1.
    ///   - grade: Finds and judges the final answer in a response to a problem.
    public init(
        source: any ResponseSource, settings: EvaluationSettings, concurrency: Int,
        grade: @escaping @Sendable (String, Problem) -> Judgement
    ) {
        precondition(concurrency >= 1, "concurrency is \(concurrency)")
        self.source = source
        self.settings = settings
        self.concurrency = concurrency
        self.grade = grade
    }

    /// An evaluator whose answers a grader judges.
    ///
    /// - Parameters:
    ///   - source: What answers.
    ///   - settings: How it is asked.
    ///   - concurrency: Questions open at once, at least 1.
    ///   - grader: Judges the answers.
    public init(
        source: any ResponseSource, settings: EvaluationSettings, concurrency: Int,
        grader: Grader = Grader()
    ) {
        self.init(source: source, settings: settings, concurrency: concurrency) {
            Judgement(of: $0, to: $1, by: grader)
        }
    }

    /// One sample of each problem, those of a file taken from there and new ones added to it.
    ///
    /// - Parameters:
    ///   - problems: What is asked.
    ///   - names: Who is asked; `nil` is everyone.
    ///   - path: The file.
    ///   - progress: Told after the file is read and after every sample.
    /// - Throws: `EvaluationError`; `CancellationError` with the samples so far in the file.
    /// - Returns: All samples.
    public func records(
        of problems: [Problem], members names: [String]? = nil, keptIn path: String,
        progress: (Progress) -> Void
    ) async throws -> [SampleRecord] {
        let log = try SampleLog(path: path, settings: settings)
        let outcome = try await run(
            problems, members: names, samples: 1, log: log, progress: progress)
        guard outcome.isComplete else { throw CancellationError() }
        return outcome.records
    }

    /// Makes the samples that the log does not hold yet; cancelling the task ends it early.
    ///
    /// - Parameters:
    ///   - problems: What is asked.
    ///   - names: Who is asked; `nil` is everyone.
    ///   - samples: Samples of each problem, at least 1.
    ///   - log: Where samples are found and kept; `nil` keeps none.
    ///   - progress: Told after the log is read and after every sample.
    /// - Returns: The samples; those of the log are graded anew.
    /// - Throws: `EvaluationError` when a member cannot answer or the log does not fit.
    public func run(
        _ problems: [Problem], members names: [String]? = nil, samples: Int, log: SampleLog?,
        progress: (Progress) -> Void
    ) async throws(EvaluationError) -> Outcome {
        precondition(samples >= 1, "samples is \(samples)")
        let members = try members(named: names)
        var tasks: [Task] = []
        var slots: [SampleRecord?] = []
        // Problems come first, so that after half of the time every member has half of them, and
        // so that what shares a prompt is decoded together.
        for (row, problem) in problems.enumerated() {
            for (column, member) in members.enumerated() {
                for sample in 0..<samples {
                    let key = SampleRecord.Key(
                        member: member.name, problem: problem.id, sample: sample)
                    let slot = (column * problems.count + row) * samples + sample
                    tasks.append(Task(key: key, problem: problem, member: member, slot: slot))
                }
            }
        }
        slots = Array(repeating: nil, count: tasks.count)
        var state = Progress(total: tasks.count, reused: 0, made: 0, correct: 0, tokens: 0)
        var missing: [Task] = []
        for task in tasks {
            if var record = try log?.record(
                task.key, problem: task.problem, origin: task.member.origin)
            {
                // Verdicts are cheap and graders improve; samples are dear and stay.
                record.judge(grade(record.response.gradedText, task.problem))
                slots[task.slot] = record
                state.reused += 1
                state.correct += record.isCorrect ? 1 : 0
            } else {
                missing.append(task)
            }
        }
        progress(state)
        try await ask(missing) { task, record throws(EvaluationError) in
            try log?.append(record)
            slots[task.slot] = record
            state.made += 1
            state.correct += record.isCorrect ? 1 : 0
            state.tokens += record.response.completionTokens
            progress(state)
        }
        return Outcome(records: slots.compactMap(\.self), isComplete: state.done == state.total)
    }

    /// One sample to be made, and where it goes in the result.
    private struct Task: Sendable {
        var key: SampleRecord.Key
        var problem: Problem
        var member: Member
        var slot: Int
    }

    private func members(named names: [String]?) throws(EvaluationError) -> [Member] {
        guard let names else { return source.members }
        var members: [Member] = []
        for name in names {
            guard let member = source.members.first(where: { $0.name == name }) else {
                throw .unknownMember(asked: name, known: source.members.map(\.name))
            }
            if !members.contains(member) { members.append(member) }
        }
        return members
    }

    /// Asks with `concurrency` questions open at a time; the first error ends the others.
    private func ask(
        _ tasks: [Task],
        keep: (Task, SampleRecord) throws(EvaluationError) -> Void
    ) async throws(EvaluationError) {
        typealias Answer = (task: Task, result: Result<SampleRecord?, EvaluationError>)
        let failure = await withTaskGroup(of: Answer.self) { group -> EvaluationError? in
            var waiting = tasks.makeIterator()
            var failure: EvaluationError?
            func start() {
                guard failure == nil, !group.isCancelled, let task = waiting.next() else { return }
                group.addTask { (task, await sample(task)) }
            }
            for _ in 0..<concurrency { start() }
            while let (task, result) = await group.next() {
                switch result {
                case .success(let record):
                    guard let record, failure == nil else { break }
                    do throws(EvaluationError) {
                        try keep(task, record)
                    } catch {
                        failure = error
                        group.cancelAll()
                    }
                case .failure(let error):
                    failure = failure ?? error
                    group.cancelAll()
                }
                start()
            }
            return failure
        }
        if let failure { throw failure }
    }

    private func sample(_ task: Task) async -> Result<SampleRecord?, EvaluationError> {
        let seed = settings.seed(ofSample: task.key.sample, problem: task.problem.id)
        let response: Response
        do throws(ResponseError) {
            response = try await source.respond(
                to: settings.prompt(for: task.problem), member: task.member.name,
                settings: settings, seed: seed)
        } catch {
            return .failure(Self.failure(error, of: task))
        }
        guard response.finish != .cancelled else { return .success(nil) }
        return .success(
            SampleRecord(
                key: task.key, problem: task.problem, origin: task.member.origin, seed: seed,
                response: response, judgement: grade(response.gradedText, task.problem)))
    }

    private static func failure(_ error: ResponseError, of task: Task) -> EvaluationError {
        switch error {
        case .refused(let reason):
            .refused(member: task.member.name, problem: task.problem.id, reason: reason)
        case .server(let url, let attempts, let reason):
            .server(url: url, attempts: attempts, reason: reason)
        }
    }
}
