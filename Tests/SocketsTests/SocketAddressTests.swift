import Sockets
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("[::1]", "[::1]:80"),
        ("0.0.0.0", "0.0.0.0:80"), ("2001:db8:0:0:0:0:0:1", "[2001:db8::1]:80"),
    ])
    func `numeric hosts are taken as they are`(host: String, text: String) throws {
        #expect(try SocketAddress(host: host, port: 80).description == text)
    }

    @Test func `localhost is an address of this machine`() throws {
        #expect(try SocketAddress(host: "localhost", port: 1).isLocal)
        #expect(try SocketAddress(host: "192.0.2.1", port: 1).isLocal == false)
    }

    @Test(arguments: [-1, 65536, .max, .min])
    func `a port outside 16 bits is refused`(port: Int) {
        #expect(throws: SocketError.invalidPort(port: port)) {
            try SocketAddress(host: "127.0.0.1", port: port)
        }
    }

    @Test(arguments: ["", "a\0b", "no such host.invalid", "300.1.1.1.1"])
    func `a host that resolves to nothing is named in the error`(host: String) {
        let error = #expect(throws: SocketError.self) {
            try SocketAddress(host: host, port: 80)
        }
        guard case .unknownHost(host, _)? = error else {
            Issue.record("found \(String(describing: error))")
            return
        }
    }

    @Test func `a path that the kernel's structure cannot hold is refused`() throws {
        let longest = "/" + String(repeating: "x", count: 106)
        #expect(try SocketAddress(unixPath: longest) == .unix(path: longest))
        for path in ["", longest + "x", "a\0b"] {
            #expect(throws: SocketError.invalidPath(path: path, byteLimit: 107)) {
                try SocketAddress(unixPath: path)
            }
        }
    }
}
