/// What a generated problem may be used for.
///
/// A problem's split follows from its computation alone, whatever its wording, its tier and the
/// seed it was drawn with: no computation is ever in two splits.
public enum Split: String, Sendable, CaseIterable {
    /// To learn from: eight tenths.
    case train
    /// To choose settings and fit routers with: a tenth.
    case calibration
    /// To report: a tenth.
    case test

    /// The split that a computation belongs to.
    ///
    /// - Parameter computation: As `ArithmeticProblem.computation` writes it.
    init(ofComputation computation: String) {
        var hash = StableHash()
        hash.combine("split")
        hash.combine(computation)
        self =
            switch hash.value % 10 {
            case 0: .test
            case 1: .calibration
            default: .train
            }
    }
}
