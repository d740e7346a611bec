extension ArithmeticProblem {
    /// The problem in plain English.
    public var question: String {
        var random = RandomSource(seed: wordingSeed)
        let sentences: [String]
        switch form {
        case .orders:
            sentences =
                [Self.order(start, &random)] + operations.map { Self.order($0) }
                + [random.element(of: Self.orderQuestions)]
        case .story(let scenario):
            sentences =
                [Self.opening(start, scenario, &random)]
                + operations.map { Self.event($0, scenario, &random) }
                + [Self.storyQuestion(scenario, &random)]
        }
        return sentences.joined(separator: " ")
    }

    // MARK: Orders

    private static let orderQuestions = [
        "What is the result?", "What number do you get?", "Which number comes out?",
    ]

    private static func order(_ start: Start, _ random: inout RandomSource) -> String {
        let verb = random.element(of: ["Start with", "Take", "Begin with"])
        return switch start {
        case .number(let number): "\(verb) \(number)."
        case .packs(let count, let size): "\(verb) \(count) times \(size)."
        }
    }

    private static func order(_ operation: Operation) -> String {
        switch operation {
        case .add(let number): "Add \(number)."
        case .subtract(let number): "Subtract \(number)."
        case .double: "Double it."
        case .triple: "Triple it."
        case .halve: "Halve it."
        case .addPacks(let count, let size): "Add \(count) times \(size)."
        case .subtractPacks(let count, let size): "Subtract \(count) times \(size)."
        }
    }

    // MARK: Stories

    private static func opening(
        _ start: Start, _ who: Scenario, _ random: inout RandomSource
    ) -> String {
        switch start {
        case .number(let number):
            random.element(of: [
                "\(who.name) has \(number) \(who.items).",
                "\(who.name) starts with \(number) \(who.items).",
                "At first, \(who.name) has \(number) \(who.items).",
            ])
        case .packs(let count, let size):
            random.element(of: [
                "\(who.name) has \(count) \(who.packs) with \(size) \(who.items) in each.",
                "\(who.name) starts with \(count) \(who.packs) of \(size) \(who.items).",
                "At first, \(who.name) has \(count) \(who.packs) of \(size) \(who.items).",
            ])
        }
    }

    private static func event(
        _ operation: Operation, _ who: Scenario, _ random: inout RandomSource
    ) -> String {
        let pronoun = who.isFemale ? "She" : "He"
        let subject = random.element(of: [who.name, pronoun])
        let items = who.items
        switch operation {
        case .add(let number):
            return random.element(of: [
                "\(subject) finds \(number) more \(items).",
                "A friend gives \(who.object) \(number) \(items).",
                "\(subject) buys \(number) \(items).",
                "Then \(who.subject) gets \(number) new \(items).",
                "\(subject) wins \(number) \(items) in a game.",
            ])
        case .subtract(let number):
            return random.element(of: [
                "\(subject) gives away \(number) \(items).",
                "\(subject) loses \(number) \(items).",
                "\(subject) sells \(number) \(items).",
                "Then \(who.subject) uses up \(number) \(items).",
                "\(subject) donates \(number) \(items) to a school.",
            ])
        case .double:
            return random.element(of: [
                "Then the number of \(items) doubles.",
                "\(subject) collects until \(who.subject) has twice as many \(items).",
            ])
        case .triple:
            return random.element(of: [
                "Then the number of \(items) triples.",
                "\(subject) collects until \(who.subject) has three times as many \(items).",
            ])
        case .halve:
            return random.element(of: [
                "\(subject) gives half of \(who.possessive) \(items) to a neighbour.",
                "Then \(who.subject) loses half of \(who.possessive) \(items).",
            ])
        case .addPacks(let count, let size):
            return random.element(of: [
                "\(subject) buys \(count) \(who.packs) of \(size) \(items).",
                "\(subject) finds \(count) \(who.packs) with \(size) \(items) in each.",
            ])
        case .subtractPacks(let count, let size):
            return random.element(of: [
                "\(subject) sells \(count) \(who.packs) of \(size) \(items).",
                "\(subject) gives away \(count) \(who.packs) with \(size) \(items) in each.",
            ])
        }
    }

    private static func storyQuestion(_ who: Scenario, _ random: inout RandomSource) -> String {
        random.element(of: [
            "How many \(who.items) does \(who.name) have now?",
            "How many \(who.items) does \(who.name) have in the end?",
            "What is the number of \(who.items) that \(who.name) has now?",
        ])
    }
}
