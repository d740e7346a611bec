/// One operation of arithmetic on two whole numbers.
struct Equation: Equatable {
    enum Sign: String {
        case plus = "+"
        case minus = "-"
        case times = "*"
        case over = "/"
    }

    var left: Int
    var sign: Sign
    var right: Int

    init(_ left: Int, _ sign: Sign, _ right: Int) {
        self.left = left
        self.sign = sign
        self.right = right
    }

    /// Its left side, such as `134+187`.
    var work: String { "\(left)\(sign.rawValue)\(right)" }

    /// What it comes to; the whole part where a quotient leaves a rest.
    var result: Int {
        switch sign {
        case .plus: left + right
        case .minus: left - right
        case .times: left * right
        case .over: left / right
        }
    }

    /// What a quotient leaves.
    var rest: Int { sign == .over ? left % right : 0 }

    /// Whether it is what a single column holds, so that columns would only repeat it.
    var isSingleColumn: Bool {
        switch sign {
        case .plus: left < 10 && right < 10
        case .minus: left < 20 && right < 10 && result < 10
        case .times: left < 10
        case .over: left < 10 * right
        }
    }

    /// Whether its numbers are small or round, so that columns are seldom worth their length.
    var isEasy: Bool {
        [left, right].allSatisfy { $0 < 20 || $0.isMultiple(of: 10) }
    }

    /// The equation that leads from a result back to `left`.
    ///
    /// - Parameter claim: The result, or what was taken for it.
    /// - Returns: An equation whose result is `left` where the claim is true.
    func inverse(of claim: Int) -> Equation {
        switch sign {
        case .plus: Equation(claim, .minus, right)
        case .minus: Equation(claim, .plus, right)
        case .times: Equation(claim, .over, right)
        case .over: Equation(claim, .times, right)
        }
    }
}
