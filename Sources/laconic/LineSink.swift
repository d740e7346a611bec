import Foundation
import Synchronization

/// Lines on a descriptor whose reader may have stopped reading, or whose disk may be full: a line
/// that cannot be written at once is dropped and counted, and nobody ever waits.
///
/// Of a line that only partly fits, the rest goes before the next one, so that no line is torn.
final class LineSink: Sendable {
    /// How one descriptor is written to without waiting.
    private enum Way {
        /// A socket, as systemd connects standard error to the journal: `send` need not wait.
        case socket(Int32)
        /// A pipe or a terminal, opened anew: the flag that keeps writes from waiting belongs to
        /// the open file, and the one that came is shared with other programs.
        case opened(Int32)
        /// A file, which does not make anybody wait, or what could not be opened anew.
        case polled(Int32)
    }

    private struct State {
        var way: Way?
        /// The end of a line that was begun.
        var rest: ArraySlice<UInt8> = []
        var dropped = 0
    }

    /// Lines on standard output.
    static let standardOutput = LineSink(descriptor: 1)
    /// Lines on standard error.
    static let standardError = LineSink(descriptor: 2)

    private let descriptor: Int32
    private let state = Mutex(State())

    /// Lines on a descriptor, which stays the caller's.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        if case .opened(let own) = state.withLock({ $0.way }) { close(own) }
    }

    /// Lines that were dropped so far.
    var droppedCount: Int { state.withLock { $0.dropped } }

    /// Writes a line, or drops it.
    func write(_ line: some Collection<UInt8>) {
        var bytes = Array(line)
        bytes.append(UInt8(ascii: "\n"))
        state.withLock { state in
            let way = state.way ?? Self.way(to: descriptor)
            state.way = way
            if !state.rest.isEmpty {
                state.rest = state.rest.dropFirst(Self.send(state.rest, way) ?? state.rest.count)
            }
            guard state.rest.isEmpty, let count = Self.send(bytes[...], way), count > 0 else {
                state.dropped += 1
                return
            }
            state.rest = bytes[count...]
        }
    }

    /// Writes what goes out at once.
    ///
    /// - Returns: How many bytes; nil where there is nobody to write to any more.
    private static func send(_ bytes: ArraySlice<UInt8>, _ way: Way) -> Int? {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.dropFirst(sent).withUnsafeBytes { buffer in
                switch way {
                case .socket(let socket):
                    unsafe Glibc.send(
                        socket, buffer.baseAddress, buffer.count,
                        Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                case .opened(let file):
                    unsafe Glibc.write(file, buffer.baseAddress, buffer.count)
                case .polled(let file):
                    unsafe hasRoom(file) ? Glibc.write(file, buffer.baseAddress, buffer.count) : 0
                }
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 || hasNoRoom(errno) ? sent : nil }
            sent += count
        }
        return sent
    }

    /// Whether a write failed for want of room, of which there may be some again.
    private static func hasNoRoom(_ number: Int32) -> Bool {
        [EAGAIN, ENOSPC, EDQUOT].contains(number)
    }

    private static func way(to descriptor: Int32) -> Way {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return .polled(descriptor) }
        switch status.st_mode & S_IFMT {
        case S_IFSOCK: return .socket(descriptor)
        case S_IFIFO, S_IFCHR:
            let own = unsafe open(
                "/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            return own >= 0 ? .opened(own) : .polled(descriptor)
        default: return .polled(descriptor)
        }
    }

    /// Whether something can be written without waiting; a full pipe has no room.
    private static func hasRoom(_ descriptor: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&request, 1, 0) == 1 && request.revents & Int16(POLLOUT) != 0
    }
}
