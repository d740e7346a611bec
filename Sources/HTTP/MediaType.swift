/// The media types of files, and which of them gain from packing.
enum MediaType {
    /// The type of a file by the last part of its name; bytes without a meaning where it is unknown.
    static func ofFile(named name: String) -> String {
        let dot = name.lastIndex(of: ".").map(name.index(after:)) ?? name.endIndex
        return byExtension[name[dot...].lowercased()] ?? "application/octet-stream"
    }

    /// Whether a type's bytes are text of some kind.
    static func isText(_ type: String) -> Bool {
        let bare = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        return bare.hasPrefix("text/") && bare != "text/event-stream" || bare.hasSuffix("+json")
            || bare.hasSuffix("+xml") || textTypes.contains(bare)
    }

    private static let textTypes: Set<String> = [
        "application/json", "application/javascript", "application/xml", "application/wasm",
        "application/x-ndjson", "font/ttf",
    ]

    private static let byExtension = [
        "html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8", "json": "application/json",
        "map": "application/json", "webmanifest": "application/manifest+json",
        "txt": "text/plain; charset=utf-8", "md": "text/markdown; charset=utf-8",
        "csv": "text/csv; charset=utf-8", "xml": "application/xml", "svg": "image/svg+xml",
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
        "webp": "image/webp", "avif": "image/avif", "ico": "image/x-icon", "woff": "font/woff",
        "woff2": "font/woff2", "ttf": "font/ttf", "wasm": "application/wasm",
        "pdf": "application/pdf", "gz": "application/gzip", "zip": "application/zip",
        "mp4": "video/mp4", "webm": "video/webm",
    ]
}
