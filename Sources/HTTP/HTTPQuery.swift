/// The name-value pairs after the question mark, decoded, in order.
public struct HTTPQuery: Sendable, Hashable {
    /// The pairs; names may repeat.
    public let pairs: [Pair]

    /// One `name=value`; a missing `=` is an empty value.
    public struct Pair: Sendable, Hashable {
        /// Percent-decoded name.
        public let name: String
        /// Percent-decoded value.
        public let value: String
    }

    /// Splits and decodes `raw` as `application/x-www-form-urlencoded` does.
    ///
    /// Never fails: a percent sign without two hexadecimal digits stands for itself and bytes that
    /// are not UTF-8 become U+FFFD.
    ///
    /// - Parameter raw: The query without its question mark.
    public init(parsing raw: String) {
        pairs = raw.utf8.split(separator: UInt8(ascii: "&")).map { part in
            let split = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let value = part[split...].dropFirst()
            return Pair(name: Self.decode(part[..<split]), value: Self.decode(value))
        }
    }

    /// The first value under `name`.
    public subscript(name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    /// All values under `name`, in order.
    ///
    /// - Parameter name: The decoded name.
    /// - Returns: The values; empty where the name does not occur.
    public func values(_ name: String) -> [String] {
        pairs.filter { $0.name == name }.map(\.value)
    }

    private static func decode(_ raw: Substring.UTF8View) -> String {
        let spaced = raw.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
        return String(decoding: PercentCoding.decodeLeniently(spaced), as: UTF8.self)
    }
}
