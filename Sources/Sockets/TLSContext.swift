import CSystem
import Glibc
import Synchronization

/// The server's side of TLS 1.2 and 1.3: certificate, key, and whose certificates it asks for.
///
/// Clients may resume sessions by tickets; ALPN agrees on `http/1.1` or ends the handshake with a
/// client that offers only others. OpenSSL writes with `write`, so `SIGPIPE` is ignored in the whole
/// process as soon as there is a context.
public final class TLSContext: Sendable {
    /// The files, PEM.
    public struct Files: Sendable, Hashable {
        /// The certificate, followed by those between it and the authority.
        public var certificate: String
        /// Its private key, without a passphrase.
        public var key: String
        /// The authorities whose certificates clients may show; nil asks clients for none.
        public var clientAuthorities: String?
        /// Whether a client without a certificate is turned away.
        public var requiresClientCertificate: Bool

        /// Names the files.
        ///
        /// - Parameters:
        ///   - certificate: The certificate and its chain.
        ///   - key: Its private key.
        ///   - clientAuthorities: Whose certificates clients may show.
        ///   - requiresClientCertificate: Whether they must.
        public init(
            certificate: String, key: String, clientAuthorities: String? = nil,
            requiresClientCertificate: Bool = true
        ) {
            self.certificate = certificate
            self.key = key
            self.clientAuthorities = clientAuthorities
            self.requiresClientCertificate = requiresClientCertificate
        }
    }

    private let files: Files
    private let current: Mutex<Settings>

    /// Loads the files.
    ///
    /// - Parameter files: Where they lie.
    /// - Throws: `invalidCredentials`, which names the file and the reason.
    public init(_ files: Files) throws(SocketError) {
        signal(SIGPIPE, SIG_IGN)
        self.files = files
        current = Mutex(try Settings.load(files))
    }

    /// Loads the files again; connections that are open keep what they began with.
    ///
    /// - Throws: `invalidCredentials`; what was loaded before then stays in use.
    public func reload() throws(SocketError) {
        var fresh: Settings? = try Settings.load(files)
        current.withLock { current in
            if let settings = fresh.take() { current = settings }
        }
    }

    /// Puts TLS over an accepted connection.
    ///
    /// - Parameter socket: The connection; nothing may have been read.
    /// - Returns: The stream; its handshake goes on as it is read and written.
    /// - Throws: `system` where memory has run out.
    public func accept(_ socket: SocketStream) throws(SocketError) -> TLSStream {
        let session = unsafe current.withLock { unsafe SSL_new($0.context) }
        guard let session = unsafe session else {
            throw .system(operation: "SSL_new", number: ENOMEM)
        }
        return unsafe TLSStream(socket, session)
    }

    /// One generation of loaded files.
    ///
    /// Unchecked because the compiler knows nothing of OpenSSL's objects: an `SSL_CTX` counts its
    /// references and locks what it changes, and after `load` nothing here changes it.
    @safe private struct Settings: ~Copyable, @unchecked Sendable {
        let context: OpaquePointer

        private init(owning context: OpaquePointer) {
            unsafe self.context = unsafe context
        }

        static func load(_ files: Files) throws(SocketError) -> Settings {
            guard let context = unsafe SSL_CTX_new(TLS_server_method()) else {
                throw .system(operation: "SSL_CTX_new", number: ENOMEM)
            }
            let settings = unsafe Settings(owning: context)
            try unsafe fill(context, files)
            return settings
        }

        private static func fill(_ context: OpaquePointer, _ files: Files) throws(SocketError) {
            unsafe laconic_tls_set_options(context)
            _ = unsafe laconic_tls_set_least_version(context)
            unsafe SSL_CTX_set_alpn_select_cb(context, selectProtocol, nil)
            // Without it OpenSSL would ask at the terminal.
            unsafe SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
            try checkReadable(files.certificate)
            guard unsafe SSL_CTX_use_certificate_chain_file(context, files.certificate) == 1 else {
                throw refused(files.certificate, "no certificate in PEM")
            }
            try checkReadable(files.key)
            guard unsafe SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM) == 1
            else {
                throw refused(
                    files.key,
                    "no private key in PEM without a passphrase that fits \(files.certificate)")
            }
            guard unsafe SSL_CTX_check_private_key(context) == 1 else {
                throw refused(files.key, "the key is not that of \(files.certificate)")
            }
            guard let authorities = files.clientAuthorities else { return }
            try checkReadable(authorities)
            guard unsafe SSL_CTX_load_verify_file(context, authorities) == 1,
                let names = unsafe SSL_load_client_CA_file(authorities)
            else {
                throw refused(authorities, "no certificates in PEM")
            }
            unsafe SSL_CTX_set_client_CA_list(context, names)
            let must = files.requiresClientCertificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | must, nil)
            // Tickets of clients with certificates are refused without one.
            let name = Array("laconic".utf8)
            _ = unsafe SSL_CTX_set_session_id_context(context, name, UInt32(name.count))
        }

        deinit {
            unsafe SSL_CTX_free(context)
        }

        private static func checkReadable(_ path: String) throws(SocketError) {
            let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard number >= 0 else {
                let reason = unsafe String(cString: strerror(errno))
                throw .invalidCredentials(path: path, reason: "cannot be read: \(reason)")
            }
            var information = stat()
            let isFile =
                unsafe fstat(number, &information) == 0
                && information.st_mode & S_IFMT == S_IFREG
            _ = close(number)
            guard isFile else { throw .invalidCredentials(path: path, reason: "is no file") }
            ERR_clear_error()
        }

        private static func refused(_ path: String, _ reason: String) -> SocketError {
            let code = ERR_peek_last_error()
            ERR_clear_error()
            let detail = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) }
            return .invalidCredentials(
                path: path, reason: reason + (detail.map { " (\($0))" } ?? ""))
        }
    }
}

/// Takes `http/1.1` from what a client offers (RFC 7301).
private let selectProtocol: SSL_CTX_alpn_select_cb_func = {
    _, chosen, chosenCount, offered, offeredCount, _ in
    let known = StaticString("http/1.1")
    var rest = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredCount))[...]
    while let count = unsafe rest.popFirst().map(Int.init), unsafe count <= rest.count {
        let name = unsafe rest.prefix(count)
        if unsafe name.elementsEqual("http/1.1".utf8) {
            unsafe chosen?.pointee = unsafe known.utf8Start
            unsafe chosenCount?.pointee = UInt8(known.utf8CodeUnitCount)
            return SSL_TLSEXT_ERR_OK
        }
        unsafe rest = unsafe rest.dropFirst(count)
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
