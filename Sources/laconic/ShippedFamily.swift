/// The small family that comes with the program, so that a fresh machine serves something real.
enum ShippedFamily {
    /// Where it lies; nil where it was not installed.
    static var path: String? { resource.path }

    static let resource = InstalledResource(name: "family")
}
