import Evaluation

extension ArithmeticProblem.Operation {
    /// What has to be known before the step: the product of packs.
    var product: Equation? {
        switch self {
        case .addPacks(let count, let size), .subtractPacks(let count, let size):
            Equation(count, .times, size)
        case .add, .subtract, .double, .triple, .halve: nil
        }
    }

    /// The step from a total to the next.
    func equation(on total: Int) -> Equation {
        switch self {
        case .add(let number): Equation(total, .plus, number)
        case .subtract(let number): Equation(total, .minus, number)
        case .double: Equation(total, .times, 2)
        case .triple: Equation(total, .times, 3)
        case .halve: Equation(total, .over, 2)
        case .addPacks(let count, let size): Equation(total, .plus, count * size)
        case .subtractPacks(let count, let size): Equation(total, .minus, count * size)
        }
    }
}
