import Evaluation

/// The words of a trace: few, so that each is one token of a small vocabulary.
enum TraceWording {
    static let checks = ["Check:", "Let me check:"]
    static let approvals = ["Good.", "Correct."]
    static let recaps = ["Let me go over it again:", "Once more:"]

    /// All that is given, in one line.
    static func restatement(_ problem: ArithmeticProblem, _ random: inout RandomSource) -> String {
        let start =
            switch problem.start {
            case .number(let number): "start with \(number)"
            case .packs(let count, let size): "start with \(count) times \(size)"
            }
        let steps = [start] + problem.operations.map { order($0) }
        let opening = random.element(of: ["The problem says:", "This is given:"])
        return "\(opening) \(steps.joined(separator: ", "))."
    }

    /// What a step does.
    static func narration(
        of operation: ArithmeticProblem.Operation, _ form: ArithmeticProblem.Form,
        _ random: inout RandomSource
    ) -> String {
        let plain = ["Now I \(order(operation)).", "Next, I have to \(order(operation))."]
        guard case .story(let who) = form else { return random.element(of: plain) }
        return random.element(of: [plain[0]] + told(operation, who))
    }

    /// Where the total starts.
    static func narration(
        of start: ArithmeticProblem.Start, _ form: ArithmeticProblem.Form,
        _ random: inout RandomSource
    ) -> String {
        let number =
            switch start {
            case .number(let number): "\(number)"
            case .packs(let count, let size): "\(count) times \(size)"
            }
        guard case .story(let who) = form else { return "I start with \(number)." }
        let owned =
            switch start {
            case .number(let number): "\(number) \(who.items)"
            case .packs(let count, let size): "\(count) \(who.packs) of \(size) \(who.items)"
            }
        return random.element(of: ["I start with \(number).", "At first, there are \(owned)."])
    }

    private static func order(_ operation: ArithmeticProblem.Operation) -> String {
        switch operation {
        case .add(let number): "add \(number)"
        case .subtract(let number): "subtract \(number)"
        case .double: "double it"
        case .triple: "triple it"
        case .halve: "halve it"
        case .addPacks(let count, let size): "add \(count) times \(size)"
        case .subtractPacks(let count, let size): "subtract \(count) times \(size)"
        }
    }

    private static func told(
        _ operation: ArithmeticProblem.Operation, _ who: Scenario
    ) -> [String] {
        let subject = who.isFemale ? "She" : "He"
        switch operation {
        case .add(let number):
            return [
                "\(subject) gets \(number) more, so I add \(number).",
                "Next, \(number) more \(who.items) come in.",
            ]
        case .subtract(let number):
            return [
                "\(subject) gives away \(number), so I subtract \(number).",
                "Next, \(number) \(who.items) go away.",
            ]
        case .double:
            return ["The number doubles, so I take it times 2.", "Next, there are twice as many."]
        case .triple:
            return [
                "The number triples, so I take it times 3.",
                "Next, there are three times as many.",
            ]
        case .halve:
            return ["Half of it goes, so I divide it by 2.", "Next, only half of it is left."]
        case .addPacks(let count, let size):
            return [
                "\(subject) gets \(count) \(who.packs) with \(size) in each.",
                "Next, \(count) \(who.packs) of \(size) \(who.items) come in.",
            ]
        case .subtractPacks(let count, let size):
            return [
                "\(subject) gives away \(count) \(who.packs) with \(size) in each.",
                "Next, \(count) \(who.packs) of \(size) \(who.items) go away.",
            ]
        }
    }
}
