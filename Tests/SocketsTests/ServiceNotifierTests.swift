import Foundation
import Synchronization
import Testing

@testable import Sockets

/// A service manager's end: a datagram socket and what came to it.
private final class Manager {
    let name: String
    private let socket: Int32
    private let path: String?

    init(isAbstract: Bool = false) {
        let text = "laconic-notify-\(UUID().uuidString)"
        let path = NSTemporaryDirectory() + text
        name = isAbstract ? "@\(text)" : path
        self.path = isAbstract ? nil : path
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        socket = Glibc.socket(AF_UNIX, kind, 0)
        let bound = unsafe NotifyAddress(name)?.withRaw { unsafe bind(socket, $0, $1) }
        precondition(bound == 0, "errno \(errno)")
    }

    deinit {
        close(socket)
        if let path { _ = unsafe unlink(path) }
    }

    /// What is there by now, each notice with its lines.
    func read() -> [[String]] {
        var notices: [[String]] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe recv(socket, &buffer, buffer.count, 0)
            guard count >= 0 else { return notices }
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            notices.append(text.split(separator: "\n").map(String.init))
        }
    }

    func disappear() throws {
        shutdown(socket, Int32(SHUT_RDWR))
        if let path { try FileManager.default.removeItem(atPath: path) }
    }
}

/// What was reported.
private final class Reports: Sendable {
    private let state = Mutex<[String]>([])
    var lines: [String] { state.withLock { $0 } }
    func add(_ line: String) { state.withLock { $0.append(line) } }
}

@Suite struct ServiceNotifierTests {
    private static func notifier(
        _ environment: [String: String], _ reports: Reports = Reports()
    ) -> ServiceNotifier {
        ServiceNotifier(environment: environment, process: 42) { reports.add($0) }
    }

    @Test(arguments: [false, true])
    func `a life is told in order, by path and by name`(isAbstract: Bool) async throws {
        let manager = Manager(isAbstract: isAbstract)
        let reports = Reports()
        let notifier = Self.notifier(["NOTIFY_SOCKET": manager.name], reports)
        notifier.loading("one\nof\0 two", extendingBy: .milliseconds(1500))
        notifier.loading("two")
        notifier.ready("Serving")
        notifier.feedWatchdog()
        await notifier.reloading { nil }
        notifier.stopping("Stopping", within: .seconds(40))
        notifier.ready("again")
        notifier.stopping("again", within: .seconds(1))
        var told = manager.read()
        let reload = try #require(told.first { $0.first == "RELOADING=1" })
        told.removeAll { $0 == reload }
        #expect(
            told == [
                ["STATUS=one of  two", "EXTEND_TIMEOUT_USEC=1500000"], ["STATUS=two"],
                ["READY=1", "STATUS=Serving"], ["WATCHDOG=1"], ["READY=1", "STATUS=Serving"],
                ["STOPPING=1", "STATUS=Stopping", "EXTEND_TIMEOUT_USEC=40000000"],
            ])
        // Of the clock that systemd compares with.
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        let time = try #require(Int(reload[1].dropFirst("MONOTONIC_USEC=".count)))
        #expect((0...10_000_000).contains(now.tv_sec * 1_000_000 + now.tv_nsec / 1000 - time))
        #expect(reports.lines.isEmpty)
    }

    @Test func `the watchdog's time is halved, and only if this process is meant`() {
        let manager = Manager()
        func period(_ usec: String?, pid: String? = nil, socket: String? = nil) -> Duration? {
            var environment = ["NOTIFY_SOCKET": socket ?? manager.name]
            environment["WATCHDOG_USEC"] = usec
            environment["WATCHDOG_PID"] = pid
            return Self.notifier(environment).watchdogPeriod
        }
        #expect(period("30000000") == .seconds(15))
        #expect(period("30000000", pid: "42") == .seconds(15))
        #expect(period("1") == .microseconds(1))
        #expect(period("30000000", pid: "43") == nil)
        #expect(period("30000000", pid: "x") == nil)
        #expect(period("30000000", socket: "") == nil)
        for usec in [nil, "", "0", "-1", "x", "1s", "99999999999999999999"] {
            #expect(period(usec) == nil)
        }
    }

    @Test(arguments: [
        "vsock:2:1234", "relative", "@", "/" + String(repeating: "x", count: 107),
    ])
    func `an address of another kind is named once and ignored`(address: String) {
        let reports = Reports()
        let notifier = Self.notifier(
            ["NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000"], reports)
        notifier.ready("x")
        notifier.feedWatchdog()
        #expect(notifier.watchdogPeriod == nil && !notifier.isListenedTo)
        #expect(reports.lines.count == 1)
        #expect(reports.lines[0].hasPrefix("NOTIFY_SOCKET is \(address); expected"))
    }

    @Test func `without a manager nothing is told`() async {
        let reports = Reports()
        let notifier = Self.notifier([:], reports)
        notifier.ready("x")
        await notifier.reloading { "Serving" }
        #expect(!notifier.isListenedTo && reports.lines.isEmpty)
    }

    @Test func `a manager that is gone is reported once`() throws {
        let manager = Manager()
        let reports = Reports()
        let notifier = Self.notifier(["NOTIFY_SOCKET": manager.name], reports)
        try manager.disappear()
        for _ in 0..<3 {
            notifier.ready("x")
            notifier.feedWatchdog()
        }
        #expect(reports.lines.count == 1)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a manager that is slow makes nobody wait, and hears all but meals later`() async throws {
        let manager = Manager()
        let reports = Reports()
        let notifier = Self.notifier(["NOTIFY_SOCKET": manager.name], reports)
        let start = ContinuousClock.now
        // Far more than the kernel's queue of a datagram socket (net.unix.max_dgram_qlen) holds.
        let count = 700
        for number in 0..<count {
            notifier.loading("\(number)")
            notifier.feedWatchdog()
        }
        notifier.ready("at last")
        #expect(ContinuousClock.now - start < .seconds(5))
        var told: [[String]] = []
        while told.last?.first != "READY=1" {
            told += manager.read()
            try await Task.sleep(for: .milliseconds(5))
        }
        let statuses = told.filter { $0[0].hasPrefix("STATUS=") }
        #expect(statuses == (0..<count).map { ["STATUS=\($0)"] })
        #expect(reports.lines.isEmpty)
    }
}
