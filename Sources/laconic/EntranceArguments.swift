import ArgumentParser
import Foundation
import HTTP
import Sockets

/// The flags that say where clients come in.
struct EntranceArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Address to listen on.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("Port to listen on; 0 lets the system choose.", valueName: "port"))
    var port: UInt16 = 8080

    @Option(
        help: ArgumentHelp(
            "Where to listen instead of --host and --port: [http://|https://]HOST:PORT or "
                + "unix:PATH. May be repeated; stands beside sockets inherited by LISTEN_FDS.",
            valueName: "where"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "The certificate and its chain in PEM; turns TLS on. SIGHUP loads it again.",
            valueName: "path"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("The certificate's private key in PEM.", valueName: "path"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "Authorities in PEM whose certificates clients show.", valueName: "path"))
    var tlsClientCA: String?

    @Option(
        help: ArgumentHelp(
            "Whether clients must show a certificate: required or optional.", valueName: "how"))
    var tlsClientAuth = ClientCertificates.required

    /// What is asked of clients where there are authorities.
    enum ClientCertificates: String, ExpressibleByArgument, CaseIterable {
        case optional, required
    }

    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together")
        }
        guard tlsClientCA == nil || tlsCert != nil else {
            throw ValidationError("--tls-client-ca needs --tls-cert and --tls-key")
        }
        for text in listen { _ = try ListenAddress(text, hasTLS: tlsCert != nil) }
    }

    /// The loaded certificate; nil without one.
    func makeTLS() throws -> TLSContext? {
        guard let tlsCert, let tlsKey else { return nil }
        try UnreadablePath.check("--tls-cert", tlsCert)
        try UnreadablePath.check("--tls-key", tlsKey)
        if let tlsClientCA { try UnreadablePath.check("--tls-client-ca", tlsClientCA) }
        return try TLSContext(
            TLSContext.Files(
                certificate: tlsCert, key: tlsKey, clientAuthorities: tlsClientCA,
                requiresClientCertificate: tlsClientAuth == .required))
    }

    /// Where the server listens.
    ///
    /// - Parameters:
    ///   - tls: Speaks TLS.
    ///   - inherited: Descriptors that were handed over.
    /// - Returns: At least one entrance.
    /// - Throws: What is wrong with an address.
    func entrances(
        tls: TLSContext?, inherited: [Int32]
    ) throws -> [HTTPServerConfiguration.Entrance] {
        var entrances = inherited.map {
            HTTPServerConfiguration.Entrance(.inherited(descriptor: $0), tls: tls)
        }
        for text in listen {
            let address = try ListenAddress(text, hasTLS: tls != nil)
            entrances.append(
                .init(.address(try address.resolved()), tls: address.speaksTLS ? tls : nil))
        }
        if entrances.isEmpty {
            let address = try SocketAddress(host: host, port: Int(port))
            entrances.append(.init(.address(address), tls: tls))
        }
        return entrances
    }
}

/// One value of `--listen`.
struct ListenAddress: Equatable {
    enum Place: Equatable {
        case network(host: String, port: Int)
        case unix(path: String)
    }

    let place: Place
    /// Whether TLS is spoken there: on every port where there is a certificate, unless it begins
    /// with `http://`; never on Unix sockets, which do not leave the machine.
    let speaksTLS: Bool

    /// Reads `[http://|https://]HOST:PORT`, `PORT` or `unix:PATH`.
    init(_ text: String, hasTLS: Bool) throws {
        if text.hasPrefix("unix:") {
            place = .unix(path: String(text.dropFirst(5)))
            speaksTLS = false
            return
        }
        var rest = text[...]
        var scheme: Substring?
        if let end = text.range(of: "://") {
            scheme = text[..<end.lowerBound]
            rest = text[end.upperBound...]
        }
        guard [nil, "http", "https"].contains(scheme) else {
            throw ValidationError("--listen \(text): expected http://, https:// or unix:")
        }
        guard scheme != "https" || hasTLS else {
            throw ValidationError("--listen \(text) needs --tls-cert and --tls-key")
        }
        if rest.hasSuffix("/") { rest.removeLast() }
        let colon = rest.lastIndex(of: ":")
        let host = colon.map { rest[..<$0] } ?? "127.0.0.1"
        guard let port = UInt16(colon.map { rest[$0...].dropFirst() } ?? rest), !host.isEmpty,
            !host.contains(":") || host.hasPrefix("[") && host.hasSuffix("]")
        else {
            throw ValidationError(
                "--listen \(text): expected HOST:PORT, such as 127.0.0.1:8080 or [::]:8080")
        }
        place = .network(host: String(host), port: Int(port))
        speaksTLS = scheme.map { $0 == "https" } ?? hasTLS
    }

    /// The address; names go to the system's resolver.
    func resolved() throws -> SocketAddress {
        switch place {
        case .network(let host, let port): try SocketAddress(host: host, port: port)
        case .unix(let path): try SocketAddress(unixPath: path)
        }
    }
}
