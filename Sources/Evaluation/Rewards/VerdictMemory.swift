/// Verdicts and lengths of the texts that were asked about of late.
///
/// Two halves: the younger takes what is new and what was asked again, and when it is full the
/// elder is dropped and the younger grows old. So the least recent goes without a list of uses.
struct VerdictMemory {
    /// A text under the answer and the rule it was graded by.
    struct Key: Hashable {
        var answer: String
        var text: String
        var mode: AnswerExtractor.Mode

        var byteCount: Int { answer.utf8.count + text.utf8.count }
    }

    /// What is known of a text.
    struct Entry {
        var isCorrect: Bool?
        var length: Int?
    }

    /// What a key costs beside its texts.
    private static let overhead = 128

    private let halfByteCount: Int
    private var younger: [Key: Entry] = [:]
    private var elder: [Key: Entry] = [:]
    private var youngerByteCount = 0

    /// A memory for so many bytes of text.
    init(byteCount: Int) {
        halfByteCount = byteCount / 2
    }

    /// What is remembered; a text larger than half the memory never is.
    subscript(key: Key) -> Entry? {
        mutating get {
            if let entry = younger[key] { return entry }
            guard let entry = elder[key] else { return nil }
            self[key] = entry
            return entry
        }
        set {
            let cost = key.byteCount + Self.overhead
            guard let newValue, cost <= halfByteCount else { return }
            guard younger.updateValue(newValue, forKey: key) == nil else { return }
            youngerByteCount += cost
            guard youngerByteCount > halfByteCount else { return }
            elder = younger
            younger = [:]
            youngerByteCount = 0
        }
    }
}
