import CSystem

/// What the kernel says about a descriptor.
public struct Readiness: OptionSet, Sendable, Hashable {
    /// The bits of `epoll_event.events`.
    public let rawValue: UInt32

    /// Wraps the kernel's bits.
    ///
    /// - Parameter rawValue: The bits of `epoll_event.events`.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// A read would not block.
    public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    /// A write would not block.
    public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The peer has sent FIN; what it sent before can still be read.
    public static let halfClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
    /// Both directions are down, by reset or by two FINs.
    public static let hungUp = Readiness(rawValue: EPOLLHUP.rawValue)
    /// An error is pending, mostly a reset.
    public static let failed = Readiness(rawValue: EPOLLERR.rawValue)
}

/// What an event loop calls, always on its own thread.
public protocol EventSource: AnyObject, Sendable {
    /// The descriptor's state has changed.
    ///
    /// - Parameter readiness: What it is ready for.
    func becameReady(_ readiness: Readiness)

    /// A moment asked for with `wake(_:at:)` has come.
    func alarmRang()

    /// The task that called `callAfterTask(_:)` has suspended or ended.
    func taskPaused()
}

extension EventSource {
    /// Does nothing, for sources that never ask for it.
    public func taskPaused() {}
}
