/// How much a trace says beside the bare computation.
///
/// Every tier draws the styles by the same weights, so that what the length penalty later saves
/// on a tier is not an effect of how the tier's traces were made.
public enum TraceStyle: String, Sendable, CaseIterable {
    /// Equations alone.
    case terse
    /// Equations, many of them by columns, with step numbers at most.
    case brief
    /// Steps that are told, by columns mostly, some of them checked.
    case narrated
    /// The same with most steps checked, and the whole gone over at the end.
    case thorough

    /// How many of a hundred traces have this style.
    public var weight: Int {
        switch self {
        case .terse: 8
        case .brief: 27
        case .narrated: 40
        case .thorough: 25
        }
    }

    /// What a trace of this style does, in how many of a hundred cases.
    struct Habits {
        /// Lists what is given, once a trace.
        var restates: Int
        /// Numbers its steps, once a trace.
        var numbers: Int
        /// Says in words what a step does.
        var narrates: Int
        /// Computes a step by columns.
        var columns: Int
        /// Checks a step by its inverse.
        var checks: Int
        /// Repeats all equations at the end, once a trace.
        var recaps: Int
    }

    var habits: Habits {
        switch self {
        case .terse:
            Habits(restates: 0, numbers: 0, narrates: 0, columns: 0, checks: 0, recaps: 0)
        case .brief:
            Habits(restates: 0, numbers: 50, narrates: 0, columns: 70, checks: 0, recaps: 0)
        case .narrated:
            Habits(restates: 40, numbers: 0, narrates: 70, columns: 80, checks: 35, recaps: 40)
        case .thorough:
            Habits(restates: 80, numbers: 0, narrates: 90, columns: 90, checks: 70, recaps: 80)
        }
    }
}
