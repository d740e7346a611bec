import TestSupport
import Testing

@testable import Inference

@Suite struct StopMatcherTests {
    /// The definition, byte by byte: the stop that completes first, the longest on a tie.
    private func expected(_ text: String, _ stops: [String]) -> (kept: String, match: String?) {
        let bytes = Array(text.utf8)
        for end in 1..<(bytes.count + 1) {
            let ending = stops.filter { stop in
                !stop.isEmpty && bytes[..<end].suffix(stop.utf8.count).elementsEqual(stop.utf8)
            }
            if let stop = ending.max(by: { $0.utf8.count < $1.utf8.count }) {
                return (String(decoding: bytes[..<(end - stop.utf8.count)], as: UTF8.self), stop)
            }
        }
        return (text, nil)
    }

    @Test func theTextKeptDoesNotDependOnHowItArrives() {
        var generator = SeededGenerator(seed: 1)
        let alphabet = ["a", "b", "ab", "é", "日", "\n", "##", " "]
        var stopped = 0
        for _ in 0..<3000 {
            let pieces = (0..<Int.random(in: 1...24, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? ""
            }
            let stops = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                (0..<Int.random(in: 1...4, using: &generator))
                    .map { _ in alphabet.randomElement(using: &generator) ?? "" }.joined()
            }
            let want = expected(pieces.joined(), stops)
            var matcher = StopMatcher(stops: stops)
            var kept = ""
            for piece in pieces { kept += matcher.append(piece) }
            if matcher.match == nil { kept += matcher.flush() }
            #expect(kept == want.kept)
            #expect(matcher.match == want.match)
            if matcher.match != nil { stopped += 1 }
        }
        #expect(stopped > 500)
    }

    @Test func onlyAProperPrefixOfAStopIsHeldBack() {
        var matcher = StopMatcher(stops: ["END"])
        #expect(matcher.append("the ENd E") == "the ENd ")
        #expect(matcher.append("x") == "Ex")
        #expect(matcher.append("EN") == "")
        #expect(matcher.append("D tail") == "")
        #expect(matcher.match == "END")
        #expect(matcher.append("more") == "")
    }

    @Test func withoutStopsTextPassesUntouched() {
        var matcher = StopMatcher(stops: ["", ""])
        #expect(matcher.append("any text") == "any text")
        #expect(matcher.flush() == "")
    }
}
