import Accounts
import Logging
import Serving
import Sockets

/// Reads again what a server's files say, when it is told to.
struct ServiceReload {
    let keys: KeyArguments
    let ring: KeyRing?
    let tls: TLSContext?
    let logger: Logger
    let api: API
    /// The models; nil where none are served.
    var models: ModelReloader?

    /// Reads everything; what is bad stays as it was, is named in the log and tells `/metrics`.
    mutating func run() async {
        let hasKeys = keys.reload(ring, logger)
        let hasCertificate = reloadCertificate()
        let hasModels = await models?.reload() ?? true
        api.noteReload(succeeded: hasKeys && hasCertificate && hasModels)
    }

    private func reloadCertificate() -> Bool {
        guard let tls else { return true }
        do throws(SocketError) {
            try tls.reload()
            logger.notice("SIGHUP: the certificate is loaded again")
            return true
        } catch {
            logger.error("SIGHUP: the certificate before stays in use: \(error)")
            return false
        }
    }
}
