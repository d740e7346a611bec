import Accounts
import Inference
import Sockets

/// An error whose description is the one line that a person needs; the exit code is 1.
protocol CommandFailure: Error, CustomStringConvertible {}

extension ModelLoadingError: CommandFailure {}
extension InferenceError: CommandFailure {}
extension SocketError: CommandFailure {}
extension AccountsError: CommandFailure {}
