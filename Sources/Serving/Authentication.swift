import HTTP

/// The check of API keys.
struct Authentication: Sendable {
    /// Paths that answer without a key: probes carry none.
    static let publicPaths: Set<String> = ["/health", "/v1/health", "/ready"]

    private let keys: [[UInt8]]

    /// Asks for one of `keys`, or for none if there are none.
    init(keys: [String]) {
        self.keys = keys.map { Array($0.utf8) }
    }

    /// Lets the request pass or throws.
    func check(_ request: HTTPRequest) throws(ServingError) {
        guard !keys.isEmpty, !Self.publicPaths.contains(request.path) else { return }
        guard let offered = offeredKey(request.fields), isValid(Array(offered.utf8)) else {
            throw .unauthorized
        }
    }

    private func offeredKey(_ fields: HTTPFields) -> String? {
        if let authorization = fields[.authorization] {
            let parts = authorization.split(separator: " ", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "bearer" { return String(parts[1]) }
        }
        return fields[.apiKey]
    }

    /// Compares with every key and every byte, so that the time tells nothing but the length.
    private func isValid(_ offered: [UInt8]) -> Bool {
        var found = false
        for key in keys {
            var difference: UInt8 = key.count == offered.count ? 0 : 1
            for (position, byte) in key.enumerated() {
                difference |= byte ^ (position < offered.count ? offered[position] : 0)
            }
            if difference == 0 { found = true }
        }
        return found
    }
}
