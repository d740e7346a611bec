extension HTTPField.Name {
    static let referrerPolicy = known("Referrer-Policy")
    static let accelBuffering = known("X-Accel-Buffering")
    static let host = known("Host")

    /// A name that stands in the program.
    ///
    /// - Parameter name: The name.
    /// - Precondition: It is a token (RFC 9110, section 5.1).
    /// - Returns: The name as fields have it.
    public static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("'\(name)' is no field name")
        }
        return name
    }
}
