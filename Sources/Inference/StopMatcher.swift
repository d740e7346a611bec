/// Cuts a stream of text at the first stop string that completes.
///
/// The result does not depend on how the text is cut into pieces: the stop whose last byte comes
/// first wins, the longest one where several end on the same byte. Only bytes that may still
/// become a stop are held back, which is the longest suffix that is a proper prefix of a stop.
struct StopMatcher {
    /// One stop string and how much of it the text ends with (Knuth, Morris and Pratt 1977).
    private struct Automaton {
        let text: String
        let bytes: [UInt8]
        /// `fallback[n]`: length of the longest proper border of the first `n` bytes.
        let fallback: [Int]
        var matched = 0

        init(_ text: String) {
            self.text = text
            let bytes = Array(text.utf8)
            var fallback = [Int](repeating: 0, count: bytes.count + 1)
            var border = 0
            for index in bytes.indices.dropFirst() {
                while border > 0 && bytes[index] != bytes[border] { border = fallback[border] }
                if bytes[index] == bytes[border] { border += 1 }
                fallback[index + 1] = border
            }
            self.bytes = bytes
            self.fallback = fallback
        }

        /// Reads one byte; true when the stop is complete.
        mutating func advance(_ byte: UInt8) -> Bool {
            while matched > 0 && bytes[matched] != byte { matched = fallback[matched] }
            if bytes[matched] == byte { matched += 1 }
            return matched == bytes.count
        }
    }

    private var automata: [Automaton]
    private var held: [UInt8] = []

    /// The stop that ended the text, once one did; nothing is emitted after it.
    private(set) var match: String?

    /// A matcher for `stops`; empty ones are ignored.
    init(stops: [String]) {
        automata = stops.filter { !$0.isEmpty }.map(Automaton.init)
    }

    /// Takes more text and returns what can no longer be part of a stop.
    mutating func append(_ text: String) -> String {
        guard match == nil, !automata.isEmpty else { return match == nil ? text : "" }
        for byte in text.utf8 {
            held.append(byte)
            var longest: Automaton?
            for index in automata.indices where automata[index].advance(byte) {
                if automata[index].bytes.count > longest?.bytes.count ?? 0 {
                    longest = automata[index]
                }
            }
            if let longest {
                match = longest.text
                let kept = held.dropLast(longest.bytes.count)
                held = []
                return String(decoding: kept, as: UTF8.self)
            }
        }
        // A stop's first byte begins a code point, so this cut never splits one.
        let pending = automata.reduce(0) { max($0, $1.matched) }
        let ready = held.dropLast(pending)
        let emitted = String(decoding: ready, as: UTF8.self)
        held.removeFirst(ready.count)
        return emitted
    }

    /// The text held back, when the stream ended without a stop.
    mutating func flush() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }
}
