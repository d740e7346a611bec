import Evaluation

/// An equation worked out digit by digit.
///
/// Sums, differences and products go from the units up. A column has one form whatever the
/// numbers: the digits of both (0 where one has none) and the carry, `3+8+1=12`, or for a product
/// `4*2+1=9`. A difference writes the top digit as it stands after lending and borrowing,
/// `11-8=3`: what a column lent is gone from it, and what it borrowed is before it. The result's
/// digits are the columns' last digits, the last column whole. Quotients go from the highest place
/// down, `9/2=4 rest 1, 14/2=7`, beginning with as many digits as the divisor fits into.
struct ColumnWork {
    struct Column {
        /// Its left side.
        var work: String
        /// What is written for it.
        var value: Int
        /// What a quotient leaves for the next column.
        var rest = 0
        /// Whether the value is a deliberate mistake.
        var isMistaken = false
    }

    let equation: Equation
    private(set) var columns: [Column] = []
    private(set) var result = 0
    private(set) var rest = 0

    /// The true work.
    init(_ equation: Equation) {
        self.equation = equation
        work(mistaking: nil, up: true)
    }

    /// The work with one column one off, and all after it computed faithfully from that; quotients,
    /// whose digits restrain each other, have none.
    init?(mistaking equation: Equation, _ random: inout RandomSource) {
        guard equation.sign != .over else { return nil }
        self = ColumnWork(equation)
        let column = random.number(in: 0...(columns.count - 1))
        let up = random.happens(percent: 50)
        (columns, result) = ([], 0)
        work(mistaking: column, up: up)
        guard result >= (equation.sign == .plus ? equation.right : 0), result != equation.result
        else { return nil }
    }

    private mutating func work(mistaking column: Int?, up: Bool) {
        switch equation.sign {
        case .plus, .times: carry(mistaking: column, up: up)
        case .minus: borrow(mistaking: column, up: up)
        case .over: divide()
        }
    }

    private mutating func carry(mistaking mistaken: Int?, up: Bool) {
        var (power, carry) = (1, 0)
        let isSum = equation.sign == .plus
        let widest = isSum ? max(equation.left, equation.right) : equation.left
        repeat {
            let digit = equation.left / power % 10
            var work: String
            var value: Int
            if isSum {
                let other = equation.right / power % 10
                (work, value) = ("\(digit)+\(other)", digit + other + carry)
            } else {
                (work, value) = ("\(digit)*\(equation.right)", digit * equation.right + carry)
            }
            if carry > 0 { work += "+\(carry)" }
            let isMistaken = mistaken == columns.count
            if isMistaken { value += up || value == 0 ? 1 : -1 }
            columns.append(Column(work: work, value: value, isMistaken: isMistaken))
            let isLast = power * 10 > widest
            result += (isLast ? value : value % 10) * power
            carry = value / 10
            power *= 10
        } while power <= widest
    }

    private mutating func borrow(mistaking mistaken: Int?, up: Bool) {
        var (power, lent) = (1, 0)
        repeat {
            let (bottom, digit) = (equation.right / power % 10, equation.left / power % 10 - lent)
            let top = digit < bottom ? digit + 10 : digit
            lent = digit < bottom ? 1 : 0
            var value = top - bottom
            let isMistaken = mistaken == columns.count
            if isMistaken { value += (up || value == 0) && value < 9 ? 1 : -1 }
            columns.append(
                Column(work: "\(top)-\(bottom)", value: value, isMistaken: isMistaken))
            result += value * power
            power *= 10
        } while power <= equation.left
    }

    private mutating func divide() {
        let divisor = equation.right
        for digit in String(equation.left).compactMap(\.wholeNumberValue) {
            let part = rest * 10 + digit
            rest = part % divisor
            result = result * 10 + part / divisor
            guard result > 0 else { continue }
            columns.append(
                Column(work: "\(part)/\(divisor)", value: part / divisor, rest: rest))
        }
    }
}
