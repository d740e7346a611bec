/// Which content codings a client takes (RFC 9110, section 12.5.3).
struct AcceptEncoding {
    /// Whether gzip is taken, and no less gladly than bytes as they are.
    let prefersGzip: Bool

    /// Reads the field; a weight that is none counts as a refusal.
    init(_ fields: HTTPFields) {
        var weights: [String: Int] = [:]
        for item in FieldGrammar.list(fields[values: .acceptEncoding]) {
            let parts = item.utf8.split(separator: UInt8(ascii: ";"), maxSplits: 1)
            guard let name = parts.first else { continue }
            let coding = String(decoding: FieldGrammar.trimmed(Array(name)[...]), as: UTF8.self)
            let weight = parts.count > 1 ? Self.weight(Array(parts[1])[...]) : 1000
            weights[coding == "x-gzip" ? "gzip" : coding] = weight
        }
        let gzip = weights["gzip"] ?? weights["*"] ?? 0
        prefersGzip = gzip > 0 && gzip >= weights["identity"] ?? 0
    }

    /// Thousandths out of `q=0.5` (RFC 9110, section 12.4.2), in lower case; 0 for anything else.
    private static func weight(_ parameter: ArraySlice<UInt8>) -> Int {
        let text = FieldGrammar.trimmed(parameter)
        guard text.starts(with: "q=".utf8) else { return 0 }
        let digits = text.dropFirst(2)
        guard let first = digits.first, first == UInt8(ascii: "0") || first == UInt8(ascii: "1"),
            digits.count <= 5
        else { return 0 }
        let decimals = digits.dropFirst()
        guard decimals.isEmpty || decimals.first == UInt8(ascii: ".") else { return 0 }
        var value = Int(first - UInt8(ascii: "0")) * 1000
        var place = 100
        for digit in decimals.dropFirst() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return 0 }
            value += Int(digit - UInt8(ascii: "0")) * place
            place /= 10
        }
        return value <= 1000 ? value : 0
    }
}
