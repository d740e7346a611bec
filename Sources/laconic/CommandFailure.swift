import Checkpoints
import Inference
import Kernels
import Models

/// An error whose description is the one line that a person needs; the exit code is 1.
protocol CommandFailure: Error {
    /// What went wrong, where, and what would be right.
    var line: String { get }
}

extension CommandFailure where Self: CustomStringConvertible {
    var line: String { description }
}

extension ModelLoadingError: CommandFailure {}
