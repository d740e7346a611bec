import Evaluation

extension Equation {
    /// A wrong result of the kind that guessing at once makes: one digit off by one, a carry
    /// forgotten, or two neighbouring digits swapped.
    ///
    /// - Returns: Not the result, and never such that the inverse would fall below 0.
    func mistake(_ random: inout RandomSource) -> Int {
        let kinds = [oneDigitOff, oneDigitOff, forgottenCarries, swappedNeighbours]
        let drawn = random.element(of: kinds)
        let usable = (drawn.isEmpty ? oneDigitOff : drawn).filter { claim in
            claim != result && (sign != .plus || claim >= right)
        }
        return usable.isEmpty ? result + 1 : random.element(of: usable)
    }

    private var powers: [Int] {
        var powers = [1]
        while let last = powers.last, last * 10 <= result { powers.append(last * 10) }
        return powers
    }

    private var oneDigitOff: [Int] {
        powers.flatMap { power in
            var claims: [Int] = []
            let digit = result / power % 10
            if digit < 9 { claims.append(result + power) }
            // A leading digit of 1 stays: the number would lose a place.
            if digit > 1 || (digit == 1 && power * 10 <= result) { claims.append(result - power) }
            return claims
        }
    }

    private var forgottenCarries: [Int] {
        powers.dropFirst().compactMap { power in
            switch sign {
            case .plus:
                left % power + right % power >= power && result >= power * 2
                    ? result - power : nil
            case .minus: left % power < right % power ? result + power : nil
            case .times:
                left % power * right >= power && result >= power * 2 ? result - power : nil
            case .over: nil
            }
        }
    }

    private var swappedNeighbours: [Int] {
        powers.dropLast().compactMap { power in
            let (low, high) = (result / power % 10, result / power / 10 % 10)
            let isLeading = result / power < 100
            guard low != high, low != 0 || !isLeading else { return nil }
            return result + (low - high) * 9 * power
        }
    }
}
