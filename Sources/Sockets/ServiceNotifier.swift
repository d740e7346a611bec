import CSystem
import Dispatch
import Glibc
import Synchronization

/// Tells the service manager that started this process how it is, as sd_notify(3) does.
///
/// A notice is a datagram to `NOTIFY_SOCKET`. None makes its sender wait, and one that fails
/// disturbs nothing: where the manager does not keep up, notices are sent again for a while, in
/// their order, and the first that is lost is reported, as the only one. Without a manager, nothing
/// happens.
public final class ServiceNotifier: Sendable {
    private struct State {
        /// What could not be sent yet.
        var waiting: [String] = []
        var isRetrying = false
        var retries = 0
        /// What the process said of itself when it became ready.
        var status = ""
        var isStopping = false
        var hasReported = false
    }

    private static let retryPause = DispatchTimeInterval.milliseconds(100)
    private static let retryLimit = 100

    /// Half of the time that the manager waits for `feedWatchdog()`; nil where it does not.
    public let watchdogPeriod: Duration?

    private let destination: NotifyAddress?
    private let socket: Int32
    private let report: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// Takes the manager's variables out of the environment, which programs started by this one
    /// must not see.
    ///
    /// To be called once, before other threads read the environment.
    ///
    /// - Parameter report: Gets one line where notices are not possible.
    /// - Returns: A notifier, a silent one where no manager listens.
    public static func take(
        report: @escaping @Sendable (String) -> Void
    ) -> ServiceNotifier {
        var environment: [String: String] = [:]
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] {
            environment[name] = unsafe getenv(name).map { unsafe String(cString: $0) }
            unsafe unsetenv(name)
        }
        return ServiceNotifier(environment: environment, process: Int(getpid()), report: report)
    }

    /// A notifier by the variables of sd_notify(3) and sd_watchdog_enabled(3).
    init(
        environment: [String: String], process: Int,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.report = report
        var destination: NotifyAddress?
        if let text = environment["NOTIFY_SOCKET"], !text.isEmpty {
            destination = NotifyAddress(text)
            if destination == nil {
                report(
                    "NOTIFY_SOCKET is \(text); expected /PATH or @NAME of at most "
                        + "\(SocketAddress.pathByteLimit) bytes: the service manager is told nothing"
                )
            }
        }
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        socket = destination == nil ? -1 : Glibc.socket(AF_UNIX, kind, 0)
        if destination != nil, socket < 0 {
            report("NOTIFY_SOCKET: \(SocketError(operation: "socket", number: errno))")
            destination = nil
        }
        self.destination = destination
        var period: Duration?
        let isMeant = environment["WATCHDOG_PID"].map { Int($0) == process } ?? true
        if let text = environment["WATCHDOG_USEC"], isMeant, destination != nil {
            if let time = Int64(text), time > 0 {
                period = .microseconds(max(1, time / 2))
            } else {
                report("WATCHDOG_USEC is \(text); expected microseconds: no watchdog is fed")
            }
        }
        watchdogPeriod = period
    }

    deinit {
        if socket >= 0 { close(socket) }
    }

    /// Whether there is a manager to tell.
    public var isListenedTo: Bool { destination != nil }

    /// Tells what a start is at.
    ///
    /// - Parameters:
    ///   - status: One line for a person.
    ///   - patience: How long from now the manager is to wait for the next notice, where that is
    ///     longer than it would; nil asks for nothing.
    public func loading(_ status: String, extendingBy patience: Duration? = nil) {
        deliver(Self.status(status) + Self.extension(patience))
    }

    /// Tells that requests are answered.
    ///
    /// - Parameter status: One line for a person.
    public func ready(_ status: String) {
        state.withLock { $0.status = status }
        deliver("READY=1\n" + Self.status(status))
    }

    /// Tells that settings are loaded again while `body` does so, and then of readiness again.
    ///
    /// - Parameter body: Loads them; returns one line for a person, or nil where that of before
    ///   holds on.
    public func reloading(_ body: () async -> String?) async {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        let microseconds = time.tv_sec * 1_000_000 + time.tv_nsec / 1000
        deliver("RELOADING=1\nMONOTONIC_USEC=\(microseconds)\n" + Self.status("Reloading"))
        let status = await body()
        ready(status ?? state.withLock { $0.status })
    }

    /// Tells that the process is ending; nothing but that is told from here on.
    ///
    /// - Parameters:
    ///   - status: One line for a person.
    ///   - patience: How long that may take from now.
    public func stopping(_ status: String, within patience: Duration) {
        deliver("STOPPING=1\n" + Self.status(status) + Self.extension(patience))
        state.withLock { $0.isStopping = true }
    }

    /// Tells that all is well; a notice that cannot be sent at once is left out.
    public func feedWatchdog() {
        guard destination != nil else { return }
        state.withLock { state in
            flush(&state)
            if state.waiting.isEmpty { _ = send("WATCHDOG=1") }
        }
    }

    private static func status(_ text: String) -> String {
        let line = text.map { $0.isNewline || $0 == "\0" ? " " : $0 }
        // A datagram has room for far more; a person's line has not.
        return "STATUS=" + String(line.prefix(500))
    }

    private static func `extension`(_ patience: Duration?) -> String {
        guard let patience else { return "" }
        let (seconds, attoseconds) = patience.components
        return "\nEXTEND_TIMEOUT_USEC=\(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)"
    }
}

extension ServiceNotifier {
    private func deliver(_ notice: String) {
        guard destination != nil else { return }
        state.withLock { state in
            // A reload that ends after the stop began would otherwise take that back.
            guard !state.isStopping else { return }
            state.waiting.append(notice)
            flush(&state)
        }
    }

    /// Sends what waits, as far as the manager takes it now.
    private func flush(_ state: inout State) {
        while let notice = state.waiting.first {
            let number = send(notice)
            if number == 0 {
                state.waiting.removeFirst()
                state.retries = 0
                continue
            }
            if number == EAGAIN || number == ENOBUFS, state.retries < Self.retryLimit {
                return retryLater(&state)
            }
            state.waiting.removeAll()
            guard !state.hasReported else { return }
            state.hasReported = true
            let error = SocketError.system(operation: "sendto", number: number)
            report("NOTIFY_SOCKET: the service manager is not told how this process is: \(error)")
        }
    }

    private func retryLater(_ state: inout State) {
        guard !state.isRetrying else { return }
        state.isRetrying = true
        state.retries += 1
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.retryPause) { [weak self] in
            self?.state.withLock { state in
                state.isRetrying = false
                self?.flush(&state)
            }
        }
    }

    /// Sends a datagram.
    ///
    /// - Returns: 0, or the error's number.
    private func send(_ notice: String) -> Int32 {
        guard let destination else { return 0 }
        let bytes = Array(notice.utf8)
        return unsafe destination.withRaw { address, count in
            while true {
                let sent = unsafe sendto(
                    socket, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL),
                    address, count)
                guard sent < 0 else { return 0 }
                if errno != EINTR { return errno }
            }
        }
    }
}
