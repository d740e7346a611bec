/// The indivisible parts of exact values, numbered in the order of their first appearance.
///
/// One table serves both answers of a comparison, so that equal atoms have equal numbers.
struct AtomTable {
    enum Atom: Hashable {
        /// A variable, or a constant without an algebraic relation to the others.
        case free(String)

        /// The imaginary unit, whose square is -1.
        case imaginary

        /// The positive root of a whole number without factors that could be taken out.
        case root(of: Int128, index: Int)

        /// The value of something that exact arithmetic does not cover, by its canonical text.
        case opaque(String)
    }

    private(set) var atoms: [Atom] = []
    private var numbers: [Atom: Int] = [:]

    /// Whether a polynomial that is not zero may still stand for zero.
    private(set) var hasHiddenRelations = false

    mutating func number(of atom: Atom) -> Int {
        if let number = numbers[atom] { return number }
        numbers[atom] = atoms.count
        atoms.append(atom)
        switch atom {
        case .opaque: hasHiddenRelations = true
        case .root(let radicand, let index):
            // Square roots of different primes are independent; of others that is not known here.
            hasHiddenRelations = hasHiddenRelations || index != 2 || radicand > 1_000_000
        case .free, .imaginary: break
        }
        return atoms.count - 1
    }
}
