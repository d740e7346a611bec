import Kernels

/// Ties a plan to the part of the pass that goes on with its last sequence, or that its first
/// sequence goes on from: attention reads the keys that another thread writes.
///
///     part 0    write keys 0 | layer 0 ... | write keys 1 | layer 1 ... |
///     part 1    write keys 0 .. wait | layer 0 ...   | write keys 1 | layer 1 ...
///
/// A part counts a layer once it, and all that it waits for, have written theirs, so that the part
/// before is all there is to wait for.
struct PassLink {
    /// What the part before counts; nil where no sequence goes on from it.
    var before: StepCounter?
    /// Counts layers whose keys and values are written; nil where nobody goes on.
    var written: StepCounter?

    /// Says that a layer's keys and values are written; waits for the part before to say so.
    func isWritten(layer: Int) {
        before?.wait(for: layer + 1)
        written?.advance()
    }
}
