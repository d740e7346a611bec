/// What one request took of one member.
public struct Spending: Sendable, Equatable {
    /// The member that answered.
    public var member: String
    /// Tokens of the prompt.
    public var promptTokens: Int
    /// New tokens of the thought.
    public var reasoningTokens: Int
    /// New tokens of the answer.
    public var answerTokens: Int
    /// Cost in the operator's unit.
    public var cost: Double

    /// So much of a member.
    public init(
        member: String, promptTokens: Int, reasoningTokens: Int, answerTokens: Int, cost: Double
    ) {
        self.member = member
        self.promptTokens = promptTokens
        self.reasoningTokens = reasoningTokens
        self.answerTokens = answerTokens
        self.cost = cost
    }

    /// All tokens.
    var tokens: Int { promptTokens + reasoningTokens + answerTokens }
}

/// A request that has ended, to be counted once.
public struct Settlement: Sendable, Equatable {
    /// The answer's name, which nobody but the server gives.
    public var id: String
    /// Whose it was.
    public var account: String
    /// When it ended, in hours since 1970.
    public var hour: Int
    /// What it took.
    public var spending: [Spending]

    /// The end of a request.
    public init(id: String, account: String, hour: Int, spending: [Spending]) {
        self.id = id
        self.account = account
        self.hour = hour
        self.spending = spending
    }

    /// What it adds to the usage of its hour, a row for each part.
    public var rows: [UsageRow] {
        spending.enumerated().map { index, spending in
            var row = UsageRow(account: account, member: spending.member, hour: hour)
            row.add(spending, isFirst: index == 0)
            return row
        }
    }
}

/// What an account took of a member in an hour.
public struct UsageRow: Sendable, Equatable {
    /// The account's name.
    public var account: String
    /// The member's name.
    public var member: String
    /// The hour, counted since 1970.
    public var hour: Int
    /// Requests that ended.
    public var requests = 0
    /// Tokens of their prompts.
    public var promptTokens = 0
    /// New tokens of their thoughts.
    public var reasoningTokens = 0
    /// New tokens of their answers.
    public var answerTokens = 0
    /// Their cost in the operator's unit.
    public var cost = 0.0

    /// Nothing, as yet.
    public init(account: String, member: String, hour: Int) {
        self.account = account
        self.member = member
        self.hour = hour
    }

    /// Adds a request's part, which counts as a request itself if it `isFirst`.
    public mutating func add(_ spending: Spending, isFirst: Bool) {
        requests += isFirst ? 1 : 0
        promptTokens += spending.promptTokens
        reasoningTokens += spending.reasoningTokens
        answerTokens += spending.answerTokens
        cost += spending.cost
    }

    /// Adds another hour of the same.
    public mutating func add(_ other: UsageRow) {
        requests += other.requests
        promptTokens += other.promptTokens
        reasoningTokens += other.reasoningTokens
        answerTokens += other.answerTokens
        cost += other.cost
    }
}

/// Where usage is kept; calls wait for the disk.
public protocol UsageStore: Sendable {
    /// Counts requests that ended, all or none of them, and none twice.
    func write(_ settlements: [Settlement]) throws

    /// What was counted.
    ///
    /// - Parameters:
    ///   - account: Of whom; nil asks for everybody.
    ///   - hours: The hours that are asked for, counted since 1970.
    /// - Returns: A row for each account, member and hour, or several that add up.
    /// - Throws: Why it cannot be read.
    func rows(of account: String?, in hours: Range<Int>) throws -> [UsageRow]
}
