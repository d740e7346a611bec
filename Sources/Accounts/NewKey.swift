import Foundation

/// A key that has just been made; nothing keeps it.
public enum NewKey {
    /// Makes a key.
    ///
    /// - Returns: `lk-` and 32 random bytes of the system's in base64url, without padding.
    public static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return "lk-"
            + Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
