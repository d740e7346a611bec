import CSystem

/// The SHA-256 of a key, which is all that is kept of it.
///
/// A fast hash is right here: keys that `laconic keys add` makes have 256 random bits, so that
/// nobody can try them all, and a slow hash would only make each request pay. It would be wrong for
/// passwords that people choose.
public struct KeyDigest: Sendable, Equatable {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// The digest of a key.
    ///
    /// - Parameter key: The key as it is sent.
    public init(of key: some Collection<UInt8>) {
        let key = Array(key)
        bytes = unsafe Array<UInt8>(unsafeUninitializedCapacity: 32) { digest, count in
            unsafe key.withUnsafeBufferPointer { key in
                _ = unsafe SHA256(key.baseAddress, key.count, digest.baseAddress)
            }
            count = 32
        }
    }

    /// A digest as it stands in a file.
    ///
    /// - Parameter text: 64 hexadecimal digits; nil comes of anything else.
    public init?(hexadecimal text: String) {
        let digits = Array(text.lowercased().utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1])
            else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    /// The digest as 64 hexadecimal digits.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }

    /// Whether it is the same digest, in a time that tells nothing of how much of it is.
    ///
    /// - Parameter other: The digest of what a client sent.
    /// - Returns: Whether all bytes agree.
    public func matches(_ other: KeyDigest) -> Bool {
        unsafe bytes.withUnsafeBytes { mine in
            unsafe other.bytes.withUnsafeBytes { theirs in
                unsafe CRYPTO_memcmp(mine.baseAddress, theirs.baseAddress, 32) == 0
            }
        }
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
