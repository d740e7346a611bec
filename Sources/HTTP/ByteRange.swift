/// The part of a file that a request asks for (RFC 9110, section 14).
enum ByteRange: Equatable {
    /// All of it: there is no `Range`, or one that may be ignored.
    case whole
    /// One part.
    case part(Range<Int>)
    /// A part that the file does not have.
    case unsatisfiable

    /// Reads a `Range` field.
    ///
    /// Several ranges get the whole: whoever asks for them must take that (section 14.2), and parts
    /// that overlap cannot make an answer larger than the file.
    ///
    /// - Parameters:
    ///   - text: The field's value.
    ///   - count: Bytes of the file.
    init(_ text: String, of count: Int) {
        self = Self.read(Array(text.utf8)[...], count) ?? .whole
    }

    private static func read(_ text: ArraySlice<UInt8>, _ count: Int) -> ByteRange? {
        let unit = text.prefix { $0 != UInt8(ascii: "=") }
        guard String(decoding: unit, as: UTF8.self).lowercased() == "bytes" else { return nil }
        let set = FieldGrammar.trimmed(text[unit.endIndex...].dropFirst())
        guard let dash = set.firstIndex(of: UInt8(ascii: "-")) else { return nil }
        let (head, tail) = (set[..<dash], set[(dash + 1)...])
        switch (head.isEmpty, tail.isEmpty) {
        case (true, true):
            return nil
        case (true, false):
            guard let length = number(tail) else { return nil }
            guard length > 0, count > 0 else { return .unsatisfiable }
            return .part(max(0, count - length)..<count)
        case (false, true):
            guard let first = number(head) else { return nil }
            return first < count ? .part(first..<count) : .unsatisfiable
        case (false, false):
            guard let first = number(head), let last = number(tail), first <= last else {
                return nil
            }
            return first < count ? .part(first..<(min(last, count - 1) + 1)) : .unsatisfiable
        }
    }

    /// Digits only; a number beyond all files stays one.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        let significant = digits.drop { $0 == UInt8(ascii: "0") }
        guard significant.count <= 18 else { return .max }
        return significant.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
