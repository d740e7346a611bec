/// A value of the template language: JSON's kinds, with the order of object keys kept.
public indirect enum TemplateValue: Sendable, Equatable {
    /// Absent: a name that was never set.
    case undefined
    /// Python's `None`.
    case null
    /// A truth value.
    case boolean(Bool)
    /// An integer.
    case integer(Int)
    /// A real number.
    case number(Double)
    /// Text.
    case string(String)
    /// A list.
    case array([TemplateValue])
    /// A mapping with its keys in order of insertion.
    case object([Pair])

    /// One key of an object and its value.
    public struct Pair: Sendable, Equatable {
        /// The key.
        public var key: String
        /// The value.
        public var value: TemplateValue

        /// A key and its value.
        public init(key: String, value: TemplateValue) {
            self.key = key
            self.value = value
        }
    }
}
