import Foundation

/// The descriptors that every program counts on: standard input, output and error.
enum StandardDescriptors {
    /// Opens those that whoever started the program has closed, on the null device.
    ///
    /// Otherwise the first socket or database would get the number 1 or 2, and lines of the log
    /// would be written into it. To be called before anything else is opened.
    static func open() {
        for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 {
            // The lowest number that is free is taken, which is this one.
            _ = unsafe Glibc.open("/dev/null", O_RDWR)
        }
    }
}
