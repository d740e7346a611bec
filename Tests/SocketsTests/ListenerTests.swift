import Foundation
import Sockets
import Testing

@Suite struct ListenerTests {
    @Test(arguments: ["127.0.0.1", "::1"])
    func `port zero becomes a port that clients reach`(host: String) throws {
        let listener = try Listener(address: SocketAddress(host: host, port: 0))
        #expect(try #require(listener.address.port) > 0)
        guard case .none = listener.accept() else {
            Issue.record("somebody is there before anybody came")
            return
        }
        let client = try SocketStream.connect(to: listener.address)
        guard case .connection(let stream, let peer) = listener.accept() else {
            Issue.record("the client was not accepted")
            return
        }
        #expect(peer?.isLocal == true)
        #expect(try client.write(Array("ping".utf8)[...], []) == 4)
        var bytes: [UInt8] = []
        #expect(try stream.read(appendingTo: &bytes, upTo: 10) == .bytes(4, drained: true))
    }

    @Test func `a client that reads nothing is owed little by the kernel`() throws {
        let listener = try Listener(address: SocketAddress(host: "127.0.0.1", port: 0))
        let client = try SocketStream.connect(to: listener.address)
        guard case .connection(let stream, _) = listener.accept() else {
            Issue.record("the client was not accepted")
            return
        }
        // What the client's side takes is the system's choice: all that it will, first.
        let piece = [UInt8](repeating: 7, count: 4096)
        var written = 0
        var patience = 20
        while patience > 0 {
            let count = try stream.write(piece[...], [])
            written += count
            if count == 0 {
                patience -= 1
                usleep(5000)
            }
        }
        let bytesNotSent: UInt = 0x894B  // SIOCOUTQNSD of linux/sockios.h
        var unsent: Int32 = 0
        #expect(unsafe ioctl(stream.descriptorNumber, bytesNotSent, &unsent) == 0)
        // A segment of up to 64 KiB is filled once it is begun.
        #expect(written > 0 && unsent > 0 && unsent <= 128 * 1024, "\(unsent) of \(written)")
        withExtendedLifetime(client) {}
    }

    @Test func `an address with a listener is in use`() throws {
        let listener = try Listener(address: SocketAddress(host: "127.0.0.1", port: 0))
        let address = listener.address
        #expect(throws: SocketError.addressInUse(address: "\(address)")) {
            _ = try Listener(address: address)
        }
        #expect(listener.address == address)
    }

    @Test func `an address of another machine is not available`() throws {
        let address = try SocketAddress(host: "192.0.2.1", port: 0)
        #expect(throws: SocketError.addressNotAvailable(address: "192.0.2.1:0")) {
            _ = try Listener(address: address)
        }
    }

    @Test func `a Unix socket is replaced when stale, kept when in use, removed at the end`() throws
    {
        let path = NSTemporaryDirectory() + "laconic-\(UUID().uuidString.prefix(8)).sock"
        let address = try SocketAddress(unixPath: path)
        do {
            let listener = try Listener(address: address)
            #expect(throws: SocketError.addressInUse(address: "unix:\(path)")) {
                _ = try Listener(address: address)
            }
            #expect(listener.address == address)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a file that is no socket is never removed`() throws {
        let path = NSTemporaryDirectory() + "laconic-\(UUID().uuidString.prefix(8)).txt"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let address = try SocketAddress(unixPath: path)
        #expect(throws: SocketError.addressInUse(address: "unix:\(path)")) {
            _ = try Listener(address: address)
        }
        #expect(FileManager.default.contents(atPath: path) == Data("precious".utf8))
    }
}
