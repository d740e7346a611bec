import Kernels

/// Ties a thread's part of a pass to the part before it, whose last sequence it goes on with: its
/// attention reads the keys that the other thread writes.
///
///     part 0    write keys 0 | layer 0 ... | write keys 1 | layer 1 ... |
///     part 1    write keys 0 .. wait | layer 0 ...   | write keys 1 | layer 1 ...
///
/// A part counts a layer once it, and all that it waits for, have written theirs, so that the part
/// before is all there is to wait for.
struct PassLink {
    /// A part that another follows.
    struct Earlier {
        let written: StepCounter
        /// Layers that it counts before its last plan, with which the sequence goes on.
        let layers: Int
    }

    /// Counts layers whose keys and values are written, of one plan after another; nil where no
    /// part follows.
    let written: StepCounter?
    /// Nil where no sequence goes on from it.
    let before: Earlier?
    let layerCount: Int
    private var layers = 0

    init(written: StepCounter?, before: Earlier?, layerCount: Int) {
        self.written = written
        self.before = before
        self.layerCount = layerCount
    }

    /// Says that this part has written a layer's keys and values; waits for the part before.
    mutating func layerIsWritten() {
        layers += 1
        // what the second plan and all behind it go on with is written by then
        if let before, layers <= layerCount {
            before.written.wait(for: before.layers + layers)
        }
        written?.advance()
    }
}
