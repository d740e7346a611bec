import Foundation

/// What makes two runs the same: everything that their results follow from, but for the start's
/// weights.
struct RunIdentity<Settings: Encodable>: Encodable {
    var kind: String
    var start: String
    var source: String
    var seed: UInt64
    var settings: Settings
    var wording: Recipe.Wording
    var alpha: Double?

    /// One line of JSON, keys sorted.
    var text: String {
        get throws(TrainingError) {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            do {
                return String(decoding: try encoder.encode(self), as: UTF8.self)
            } catch {
                throw .setting(name: kind, expected: "finite numbers", found: "\(error)")
            }
        }
    }
}
