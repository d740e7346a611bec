import ArgumentParser
import HTTP
import Serving
import Sockets

/// The flags that say what one client may cost.
struct LimitArguments: ParsableArguments {
    private static let defaults = HTTPLimits()

    @Option(help: ArgumentHelp("Connections at a time; more get 503.", valueName: "count"))
    var maxConnections = defaults.connectionCount

    @Option(
        help: ArgumentHelp(
            "Connections of one address (IPv6: of one /64) at a time; more get 429.",
            valueName: "count"))
    var maxClientConnections = defaults.connectionsPerClient

    @Option(
        help: ArgumentHelp("Bytes of a request line; more get 414.", valueName: "bytes"))
    var maxTarget = defaults.requestLineByteCount

    @Option(
        help: ArgumentHelp("Bytes of all header fields; more get 431.", valueName: "bytes"))
    var maxHeader = defaults.fieldsByteCount

    @Option(help: ArgumentHelp("Header fields; more get 431.", valueName: "count"))
    var maxFields = defaults.fieldCount

    @Option(
        help: ArgumentHelp(
            "Bytes of a body, as sent and after decompression; more get 413.", valueName: "bytes"))
    var maxBody = ServingConfiguration().maximumBodyByteCount

    @Option(help: ArgumentHelp("Nesting of a JSON body; more gets 400.", valueName: "levels"))
    var maxJSONDepth = JSONLimits().depth

    @Option(help: ArgumentHelp("Values in a JSON body; more get 400.", valueName: "count"))
    var maxJSONValues = JSONLimits().values

    @Option(
        help: ArgumentHelp(
            "Seconds from a connection to the end of its TLS handshake.", valueName: "seconds"))
    var handshakeTimeout = seconds(defaults.handshakeTimeout)

    @Option(
        help: ArgumentHelp(
            "Seconds from a connection to the first byte of a request.", valueName: "seconds"))
    var firstByteTimeout = seconds(defaults.firstByteTimeout)

    @Option(
        help: ArgumentHelp(
            "Seconds from the first byte of a request to the end of its header; then 408.",
            valueName: "seconds"))
    var headerTimeout = seconds(defaults.headerTimeout)

    @Option(help: ArgumentHelp("Seconds a body may take; then 408.", valueName: "seconds"))
    var bodyTimeout = seconds(defaults.bodyTimeout)

    @Option(
        help: ArgumentHelp(
            "Bytes a second that a body must bring, over any 10 s; else 408.", valueName: "bytes"))
    var minBodyRate = defaults.minimumBodyRate

    @Option(
        help: ArgumentHelp(
            "Seconds a client may leave waiting bytes of an answer without taking any.",
            valueName: "seconds"))
    var writeTimeout = seconds(defaults.writeTimeout)

    @Option(
        help: ArgumentHelp(
            "Seconds a connection may stay open between two requests.", valueName: "seconds"))
    var idleTimeout = seconds(defaults.idleTimeout)

    private static func seconds(_ duration: Duration) -> Int {
        Int(duration.components.seconds)
    }

    func validate() throws {
        for (name, value, range) in [
            ("max-connections", maxConnections, 1...1_000_000),
            ("max-client-connections", maxClientConnections, 1...1_000_000),
            ("max-target", maxTarget, 64...(1 << 20)), ("max-header", maxHeader, 256...(1 << 24)),
            ("max-fields", maxFields, 1...100_000), ("max-body", maxBody, 1...(1 << 40)),
            ("max-json-depth", maxJSONDepth, 4...1024),
            ("max-json-values", maxJSONValues, 16...(1 << 30)),
            ("handshake-timeout", handshakeTimeout, 1...86400),
            ("first-byte-timeout", firstByteTimeout, 1...86400),
            ("header-timeout", headerTimeout, 1...86400),
            ("body-timeout", bodyTimeout, 1...86400), ("min-body-rate", minBodyRate, 0...(1 << 30)),
            ("write-timeout", writeTimeout, 1...86400), ("idle-timeout", idleTimeout, 1...86400),
        ] where !range.contains(value) {
            throw ValidationError(
                "--\(name) is \(value); expected \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// The limits that the flags state.
    var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.connectionCount = maxConnections
        limits.connectionsPerClient = maxClientConnections
        limits.requestLineByteCount = maxTarget
        limits.fieldsByteCount = maxHeader
        limits.fieldLineByteCount = min(limits.fieldLineByteCount, maxHeader)
        limits.fieldCount = maxFields
        limits.bodyByteCount = maxBody
        limits.handshakeTimeout = .seconds(handshakeTimeout)
        limits.firstByteTimeout = .seconds(firstByteTimeout)
        limits.headerTimeout = .seconds(headerTimeout)
        limits.bodyTimeout = .seconds(bodyTimeout)
        limits.minimumBodyRate = minBodyRate
        limits.writeTimeout = .seconds(writeTimeout)
        limits.idleTimeout = .seconds(idleTimeout)
        return limits
    }
}
