import CSystem
import Glibc

/// Where notices go: a Unix socket's path, or a name that no file system holds.
struct NotifyAddress: Sendable {
    /// `sun_path` without the NUL that ends a path; a name begins with one (unix(7)).
    let bytes: [UInt8]

    /// Reads `NOTIFY_SOCKET`; nil for what is neither, such as `vsock:`, or too long.
    init?(_ text: String) {
        var bytes = Array(text.utf8)
        guard bytes.count > 1, bytes.count <= SocketAddress.pathByteLimit else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "/"): break
        case UInt8(ascii: "@"): bytes[0] = 0
        default: return nil
        }
        self.bytes = bytes
    }

    /// Runs `body` with the kernel's structure.
    func withRaw<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            for (index, byte) in bytes.enumerated() { unsafe path[index] = byte }
        }
        let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let count = start + bytes.count + (bytes[0] == 0 ? 0 : 1)
        return unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe body(raw, socklen_t(count))
            }
        }
    }
}
