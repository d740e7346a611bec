import Glibc

/// The names in a directory.
enum DirectoryListing {
    /// Lists at most `limit` names, in no order; the entries for the directory itself are left out.
    static func names(in path: String, limit: Int) throws(CheckpointError) -> [String] {
        guard let directory = unsafe opendir(path) else {
            throw .unreadable(file: path, reason: RegularFile.reason(errno))
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            guard names.count < limit else {
                throw .limitExceeded(
                    file: path, field: "directory entries", found: UInt64(limit) + 1,
                    limit: UInt64(limit))
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
