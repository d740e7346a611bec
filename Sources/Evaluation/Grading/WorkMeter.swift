/// Counts the elementary steps of one comparison, so that any input costs a bounded time.
struct WorkMeter {
    private(set) var remaining: Int

    init(steps: Int) {
        remaining = steps
    }

    /// Takes steps off; fails, now and from then on, once they are used up.
    mutating func spend(_ steps: Int) throws(MathFailure) {
        guard steps <= remaining else {
            remaining = 0
            throw .tooMuchWork
        }
        remaining -= steps
    }
}
