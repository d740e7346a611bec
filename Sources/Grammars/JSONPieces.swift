/// The pieces of JSON (RFC 8259) as rules of a grammar.
///
/// White space is bounded, one space or a line break and its indent, and so are the digits of
/// numbers: a text that is allowed ends, and every reader can hold its numbers.
public struct JSONPieces {
    /// What the pieces are added to.
    public var builder: GrammarBuilder
    private let space: GrammarBuilder.Rule
    private let character: GrammarBuilder.Rule
    /// Any value.
    public let value: GrammarBuilder.Rule
    /// The rules of sets of characters that are written in several bytes.
    var wideCharacters: [CodePointSet: GrammarBuilder.Rule] = [:]

    /// Deepest indent after a line break.
    private static let indent = 16
    private static let digits = Array("0123456789".utf8)
    /// ASCII that a string may hold as it is.
    private static let plain = (UInt8(0x20)...0x7F).filter { $0 != 0x22 && $0 != 0x5C }

    /// The rules that all documents share.
    public init() {
        builder = GrammarBuilder()
        space = builder.declare()
        character = builder.declare()
        value = builder.declare()
        let indent = builder.repeated(" ".utf8, 0...Self.indent, then: builder.end)
        builder.define(
            space,
            as: builder.either([
                builder.end, builder.byte(of: " ".utf8, then: builder.end),
                builder.byte(of: "\n".utf8, then: indent),
            ]))
        let characters = Self.characters(in: &builder, then: builder.end)
        builder.define(character, as: builder.either(characters))
        builder.define(value, as: anyValue())
    }

    /// White space or none, and what follows.
    public mutating func space(then next: GrammarBuilder.Place) -> GrammarBuilder.Place {
        builder.call(space, then: next)
    }

    /// A string of so many code points, the quotes included, and what follows.
    public mutating func string(
        _ count: PartialRangeFrom<Int> = 0..., atMost most: Int? = nil,
        then next: GrammarBuilder.Place
    ) -> GrammarBuilder.Place {
        let close = builder.literal("\"".utf8, then: next)
        let least = count.lowerBound
        var place: GrammarBuilder.Place
        if let most {
            place = close
            for number in (0..<most).reversed() {
                let more = builder.call(character, then: place)
                place = number >= least ? builder.either([close, more]) : more
            }
        } else {
            place = builder.reserve()
            builder.fill(place, with: [close] + Self.characters(in: &builder, then: place))
            for _ in 0..<least { place = builder.call(character, then: place) }
        }
        return builder.literal("\"".utf8, then: place)
    }

    /// A number, and what follows: an integer, perhaps a fraction, perhaps an exponent.
    public mutating func number(then next: GrammarBuilder.Place) -> GrammarBuilder.Place {
        let power = builder.repeated(Self.digits, 1...2, then: next)
        let sign = builder.either([power, builder.byte(of: "+-".utf8, then: power)])
        let exponent = builder.either([next, builder.byte(of: "eE".utf8, then: sign)])
        let fraction = builder.repeated(Self.digits, 1...15, then: exponent)
        return integer(
            then: builder.either([exponent, builder.byte(of: ".".utf8, then: fraction)]))
    }

    /// An integer of at most 15 digits, which doubles hold, and what follows.
    public mutating func integer(then next: GrammarBuilder.Place) -> GrammarBuilder.Place {
        let magnitude = builder.either([
            builder.byte(of: "0".utf8, then: next),
            builder.byte(
                of: Self.digits.dropFirst(),
                then: builder.repeated(Self.digits, 0...14, then: next)),
        ])
        return builder.either([magnitude, builder.byte(of: "-".utf8, then: magnitude)])
    }

    /// A list of values, and what follows.
    ///
    /// - Parameters:
    ///   - count: Fewest elements.
    ///   - most: Most elements; `nil` for any number.
    ///   - next: What follows.
    ///   - element: Makes one element.
    /// - Returns: Where the list begins.
    public mutating func list(
        _ count: PartialRangeFrom<Int> = 0..., atMost most: Int? = nil,
        then next: GrammarBuilder.Place, of element: GrammarBuilder.Rule
    ) -> GrammarBuilder.Place {
        let close = builder.literal("]".utf8, then: next)
        let spacedClose = space(then: close)
        let least = count.lowerBound
        guard most != 0 else { return builder.literal("[".utf8, then: spacedClose) }
        // What comes behind an element: the end, or a comma and another.
        var rest: GrammarBuilder.Place
        if let most {
            rest = spacedClose
            for number in (1..<most).reversed() {
                let more = separated(then: builder.call(element, then: rest))
                rest = number >= least ? builder.either([spacedClose, more]) : more
            }
        } else {
            rest = builder.reserve()
            let more = separated(then: builder.call(element, then: rest))
            builder.fill(rest, with: [spacedClose, more])
            for _ in 0..<max(0, least - 1) {
                rest = separated(then: builder.call(element, then: rest))
            }
        }
        let first = space(then: builder.call(element, then: rest))
        let body = least == 0 ? builder.either([first, spacedClose]) : first
        return builder.literal("[".utf8, then: body)
    }

    /// An object whose members are named as wanted, and what follows.
    public mutating func dictionary(
        then next: GrammarBuilder.Place, of element: GrammarBuilder.Rule
    ) -> GrammarBuilder.Place {
        let close = space(then: builder.literal("}".utf8, then: next))
        let rest = builder.reserve()
        let more = separated(then: member(of: element, then: rest))
        builder.fill(rest, with: [close, more])
        let first = space(then: member(of: element, then: rest))
        return builder.literal("{".utf8, then: builder.either([first, close]))
    }

    /// An object with these members in this order, and what follows.
    ///
    /// - Parameters:
    ///   - members: Their keys as JSON writes them, quotes included, their values, and whether they
    ///     may be left out.
    ///   - next: What follows.
    /// - Returns: Where the object begins.
    public mutating func object(
        _ members: [(key: [UInt8], value: GrammarBuilder.Rule, isOptional: Bool)],
        then next: GrammarBuilder.Place
    ) -> GrammarBuilder.Place {
        let close = space(then: builder.literal("}".utf8, then: next))
        // Behind some member: the members from here on, each with a comma before it.
        var rest = close
        // At the brace: the members from here on, the first of them without one.
        var start = close
        for member in members.reversed() {
            let value = builder.call(member.value, then: rest)
            let colon = builder.literal(":".utf8, then: space(then: value))
            let named = builder.literal(member.key, then: colon)
            let more = separated(then: named)
            let first = space(then: named)
            start = member.isOptional ? builder.either([first, start]) : first
            rest = member.isOptional ? builder.either([more, rest]) : more
        }
        return builder.literal("{".utf8, then: start)
    }

    private mutating func anyValue() -> GrammarBuilder.Place {
        let end = builder.end
        let words = ["true", "false", "null"].map { builder.literal($0.utf8, then: end) }
        return builder.either(
            words + [
                string(then: end), number(then: end), list(then: end, of: value),
                dictionary(then: end, of: value),
            ])
    }

    private mutating func separated(then next: GrammarBuilder.Place) -> GrammarBuilder.Place {
        space(then: builder.literal(",".utf8, then: space(then: next)))
    }

    private mutating func member(
        of element: GrammarBuilder.Rule, then next: GrammarBuilder.Place
    ) -> GrammarBuilder.Place {
        let value = builder.call(element, then: next)
        return string(then: builder.literal(":".utf8, then: space(then: value)))
    }

    /// The ways to write one code point in a string, and what follows.
    ///
    /// UTF-8 as table 3-7 of the Unicode Standard has it; escapes of surrogates come in pairs.
    private static func characters(
        in builder: inout GrammarBuilder, then next: GrammarBuilder.Place
    ) -> [GrammarBuilder.Place] {
        let hex = Array("0123456789abcdefABCDEF".utf8)
        let tail = UInt8(0x80)...0xBF
        let last = builder.byte(of: tail, then: next)
        let lastTwo = builder.byte(of: tail, then: last)
        let lastThree = builder.byte(of: tail, then: lastTwo)
        let hexTwo = builder.repeated(hex, 2...2, then: next)
        let hexThree = builder.byte(of: hex, then: hexTwo)
        let low = builder.literal(
            "\\u".utf8,
            then: builder.byte(
                of: "dD".utf8, then: builder.byte(of: "cdefCDEF".utf8, then: hexTwo)))
        let pair = builder.byte(
            of: "89abAB".utf8, then: builder.repeated(hex, 2...2, then: low))
        let unit = builder.either([
            builder.byte(of: hex.filter { $0 | 0x20 != UInt8(ascii: "d") }, then: hexThree),
            builder.byte(
                of: "dD".utf8,
                then: builder.either([builder.byte(of: "01234567".utf8, then: hexTwo), pair])),
        ])
        let escape = builder.either([
            builder.byte(of: "\"\\/bfnrt".utf8, then: next),
            builder.byte(of: "u".utf8, then: unit),
        ])
        return [
            builder.byte(of: plain, then: next),
            builder.byte(of: "\\".utf8, then: escape),
            builder.byte(of: UInt8(0xC2)...0xDF, then: last),
            builder.byte(of: [0xE0], then: builder.byte(of: UInt8(0xA0)...0xBF, then: last)),
            builder.byte(of: [0xED], then: builder.byte(of: UInt8(0x80)...0x9F, then: last)),
            builder.byte(
                of: Array(UInt8(0xE1)...0xEC) + [0xEE, 0xEF], then: lastTwo),
            builder.byte(of: [0xF0], then: builder.byte(of: UInt8(0x90)...0xBF, then: lastTwo)),
            builder.byte(of: [0xF4], then: builder.byte(of: UInt8(0x80)...0x8F, then: lastTwo)),
            builder.byte(of: UInt8(0xF1)...0xF3, then: lastThree),
        ]
    }
}
