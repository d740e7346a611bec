import TestSupport
import Testing

@testable import Inference

@Suite struct WhitespaceTrimmerTests {
    @Test func aThoughtLosesTheWhiteSpaceAroundItHoweverItArrives() {
        var generator = SeededGenerator(seed: 2)
        let alphabet = [" ", "\n", "\r\n", "a", "\u{301}", "é", "\t"]
        for _ in 0..<2000 {
            let pieces = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? ""
            }
            var trimmer = WhitespaceTrimmer(leading: .drop, holdsTrailing: true)
            let kept = pieces.map { trimmer.append($0) }.joined()
            let scalars = Array(pieces.joined().unicodeScalars)
            let first = scalars.firstIndex { !$0.properties.isWhitespace } ?? scalars.endIndex
            let last = scalars.lastIndex { !$0.properties.isWhitespace } ?? -1
            var want = String.UnicodeScalarView()
            if first <= last { want.append(contentsOf: scalars[first...last]) }
            #expect(Array(kept.unicodeScalars) == Array(want))
        }
    }

    @Test func leadingWhiteSpaceIsTextUnlessATagFollows() {
        var kept = WhitespaceTrimmer(leading: .hold, holdsTrailing: false)
        #expect(kept.append(" \n") == "")
        #expect(kept.append("x ") == " \nx ")
        #expect(kept.append(" ") == " ")

        var dropped = WhitespaceTrimmer(leading: .hold, holdsTrailing: false)
        #expect(dropped.append("\n") == "")
        dropped.dropHeld()
        #expect(dropped.append("x") == "x")
    }
}
