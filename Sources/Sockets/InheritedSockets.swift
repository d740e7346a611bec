import Glibc

/// Listening sockets that whoever started the process has opened for it (sd_listen_fds(3)).
public enum InheritedSockets {
    /// The first of them.
    private static let start: Int32 = 3

    /// Takes them over.
    ///
    /// They are closed in programs that this one starts, and the variables that speak of them are
    /// removed. To be called once, before other threads read the environment.
    ///
    /// - Returns: The descriptors; none where `LISTEN_PID` names another process.
    public static func take() -> [Int32] {
        defer {
            for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        }
        guard variable("LISTEN_PID") == Int(getpid()), let count = variable("LISTEN_FDS"),
            (1...1024).contains(count)
        else { return [] }
        return (0..<Int32(count)).map { index in
            let descriptor = start + index
            _ = fcntl(descriptor, F_SETFD, fcntl(descriptor, F_GETFD) | FD_CLOEXEC)
            return descriptor
        }
    }

    private static func variable(_ name: String) -> Int? {
        unsafe getenv(name).flatMap { unsafe Int(String(cString: $0)) }
    }
}
