import Foundation
import Logging
import Synchronization

/// A log on standard error that drops a line rather than wait for a reader.
///
/// A supervisor that never empties the pipe would otherwise stop the server after some hundred
/// requests: every answer is logged, and a write to a full pipe blocks.
struct PatientLogHandler: LogHandler {
    /// One writer at a time, so that the room seen is still there when the line is written.
    private static let turn = Mutex(())

    private var base: StreamLogHandler
    private let descriptor: Int32

    /// A handler for `label`; `descriptor` is where the room is looked for.
    init(label: String, descriptor: Int32 = 2) {
        base = .standardError(label: label)
        self.descriptor = descriptor
    }

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        Self.turn.withLock { _ in
            if Self.hasRoom(descriptor) { base.log(event: event) }
        }
    }

    /// Whether a line can be written without waiting; a full pipe has no room.
    static func hasRoom(_ descriptor: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&request, 1, 0) == 1 && request.revents & Int16(POLLOUT) != 0
    }
}
