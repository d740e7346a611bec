import Foundation

/// Where a program keeps what it has to remember.
public enum StateFolder {
    /// The folder that the surroundings name.
    ///
    /// - Parameter environment: Variables.
    /// - Returns: systemd's `STATE_DIRECTORY` (the first, where it names several), else `laconic`
    ///   below `XDG_STATE_HOME` or `~/.local/state`.
    public static func usual(environment: [String: String]) -> String {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        if let folder = value("STATE_DIRECTORY")?.split(separator: ":").first {
            return String(folder)
        }
        let home = value("XDG_STATE_HOME") ?? "\(value("HOME") ?? ".")/.local/state"
        return home + "/laconic"
    }
}
