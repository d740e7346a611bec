import Foundation

/// The system's words for why a file could not be written or read.
public enum SystemReason {
    /// Looks for the system's error number in an error of Foundation's.
    ///
    /// - Parameter error: What was thrown.
    /// - Returns: Such as `No space left on device`; the error itself where it tells no number.
    public static func of(_ error: any Error) -> String {
        var next: (any Error)? = error
        while let current = next {
            let known = current as NSError
            if known.domain == NSPOSIXErrorDomain, let words = unsafe strerror(Int32(known.code)) {
                return unsafe String(cString: words)
            }
            next = known.userInfo[NSUnderlyingErrorKey] as? any Error
        }
        return "\(error)"
    }
}
