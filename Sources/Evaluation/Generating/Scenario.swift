/// Who has what in a story.
public struct Scenario: Sendable, Equatable {
    /// Whose things they are.
    public var name: String
    /// Whether that is a "she" or a "he".
    public var isFemale: Bool
    /// The things.
    public var items: String
    /// What they are packed in.
    public var packs: String

    static let names: [(name: String, isFemale: Bool)] = [
        ("Mia", true), ("Anna", true), ("Sara", true), ("Lena", true), ("Nora", true),
        ("Ruth", true), ("Ines", true), ("Kate", true), ("Tom", false), ("Ben", false),
        ("Omar", false), ("Leo", false), ("Paul", false), ("Ravi", false), ("Jack", false),
        ("Finn", false),
    ]
    static let items = [
        "stickers", "marbles", "coins", "cards", "shells", "stamps", "beads", "pencils", "apples",
        "cookies", "buttons", "books",
    ]
    static let packs = ["boxes", "bags", "packs", "jars"]

    init(random: inout RandomSource) {
        (name, isFemale) = random.element(of: Self.names)
        items = random.element(of: Self.items)
        packs = random.element(of: Self.packs)
    }

    var subject: String { isFemale ? "she" : "he" }
    var object: String { isFemale ? "her" : "him" }
    var possessive: String { isFemale ? "her" : "his" }
}
