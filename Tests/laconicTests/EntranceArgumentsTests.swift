import ArgumentParser
import Testing

@testable import laconic

@Suite struct EntranceArgumentsTests {
    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1", 80, true), ("[::]:443", "[::]", 443, true),
        ("http://localhost:8080/", "localhost", 8080, false), ("https://[::1]:0", "[::1]", 0, true),
        ("8080", "127.0.0.1", 8080, true),
    ])
    func `an address speaks TLS where there is a certificate and it is not told otherwise`(
        text: String, host: String, port: Int, speaksTLS: Bool
    ) throws {
        let address = try ListenAddress(text, hasTLS: true)
        #expect(address.place == .network(host: host, port: port))
        #expect(address.speaksTLS == speaksTLS)
    }

    @Test func `a Unix socket never speaks TLS, a port without a certificate cannot`() throws {
        let unix = try ListenAddress("unix:/run/x.sock", hasTLS: true)
        #expect(unix.place == .unix(path: "/run/x.sock") && !unix.speaksTLS)
        #expect(try !ListenAddress("[::1]:80", hasTLS: false).speaksTLS)
        #expect(throws: ValidationError.self) { try ListenAddress("https://a:1", hasTLS: false) }
    }

    @Test(arguments: [
        "", ":80", "host", "host:", "host:65536", "host:-1", "::1:80", "ftp://a:1", "a b", "[::1]",
    ])
    func `what is no address is refused`(text: String) {
        #expect(throws: ValidationError.self) { try ListenAddress(text, hasTLS: true) }
    }

    @Test(arguments: [
        ["--tls-cert", "a"], ["--tls-key", "a"], ["--tls-client-ca", "a"],
        ["--max-connections", "0"], ["--max-json-depth", "2"], ["--idle-timeout", "0"],
        ["--listen", "nowhere"], ["--tls-client-auth", "perhaps"],
    ])
    func `flags that contradict are refused before anything is loaded`(flags: [String]) {
        #expect(throws: (any Error).self) { try Laconic.parseAsRoot(["serve"] + flags) }
    }
}
