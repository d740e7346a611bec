import Grammars
import TestSupport
import Testing

@testable import Decoding

/// Laws of answers that keep to a grammar, with a model that draws at random.
@Suite struct AnswerFormTests {
    private static func makeGrammar() throws -> TokenGrammar {
        var pieces = JSONPieces()
        let document = pieces.builder.declare()
        let list = pieces.list(1..., then: pieces.builder.end, of: pieces.value)
        pieces.builder.define(document, as: list)
        return TokenGrammar(
            try pieces.builder.grammar(of: document),
            vocabulary: VocabularyTrie(vocabularySize: FakeVocabulary.count) {
                FakeVocabulary.bytes($0)
            })
    }

    private static func run(
        _ control: ThoughtControl?, maximumTokens: Int, seed: UInt64
    ) async throws -> (ids: [Int32], reason: FinishReason?) {
        var shape = ScriptedModel.Shape()
        shape.vocabularySize = FakeVocabulary.count
        let engine = Engine(model: ScriptedModel(shape))
        var request = SequenceRequest(prompt: [65], maximumTokens: maximumTokens)
        request.sampling.temperature = 1
        request.sampling.seed = seed
        request.stopIDs = Set(FakeVocabulary.stops)
        request.thought = control
        request.grammar = try makeGrammar()
        let events = await collect(try engine.submit(request))
        guard case .finished(let reason) = events.last else { return (ids(events), nil) }
        return (ids(events), reason)
    }

    private static func answer(_ ids: [Int32]) -> [UInt8] {
        let start = ids.lastIndex(of: FakeVocabulary.close).map { $0 + 1 } ?? 0
        return ids[start...].flatMap(FakeVocabulary.bytes)
    }

    /// Whether the brackets of a list close with its last byte; what a string holds is apart.
    private static func isWholeList(_ text: [UInt8]) -> Bool {
        var (depth, inString, escapes) = (0, false, false)
        for (position, byte) in text.enumerated() {
            if inString {
                if escapes { escapes = false; continue }
                if byte == UInt8(ascii: "\\") { escapes = true }
                if byte == UInt8(ascii: "\"") { inString = false }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
            if depth == 0 { return position == text.count - 1 }
        }
        return false
    }

    @Test(arguments: 0..<30)
    func `an answer without a thought keeps to its grammar and closes in time`(
        seed: UInt64
    ) async throws {
        let (ids, reason) = try await Self.run(nil, maximumTokens: 3 + Int(seed), seed: seed)
        #expect(Self.isWholeList(Self.answer(ids)), "\(ids)")
        #expect(FakeVocabulary.isText(Self.answer(ids)))
        #expect(reason == .stop)
        #expect(ids.count <= 3 + Int(seed))
    }

    @Test(arguments: 0..<30)
    func `a thought is free, the answer behind it is not`(seed: UInt64) async throws {
        var control = ThoughtControl(
            open: [FakeVocabulary.open], close: [FakeVocabulary.close],
            closer: [FakeVocabulary.close], shapes: FakeVocabulary.shapes)
        control.startsOpen = true
        control.maximumTokens = 12
        control.answerReserve = 8
        let (ids, reason) = try await Self.run(control, maximumTokens: 40, seed: seed)
        let close = try #require(ids.lastIndex(of: FakeVocabulary.close))
        #expect(close < 12)
        #expect(Self.isWholeList(Self.answer(ids)), "\(ids)")
        #expect(reason == .stop)
    }

    @Test(arguments: 0..<30)
    func `a thought may come first, and none in the middle`(seed: UInt64) async throws {
        var control = ThoughtControl(
            open: [FakeVocabulary.open], close: [FakeVocabulary.close],
            closer: [FakeVocabulary.close], shapes: FakeVocabulary.shapes)
        control.maximumTokens = 12
        control.answerReserve = 8
        let (ids, _) = try await Self.run(control, maximumTokens: 40, seed: seed)
        #expect(ids.dropFirst().allSatisfy { $0 != FakeVocabulary.open })
        #expect(Self.isWholeList(Self.answer(ids)), "\(ids)")
    }

    @Test func `what does not fit at all is cut by the ceiling, which holds`() async throws {
        let (ids, reason) = try await Self.run(nil, maximumTokens: 2, seed: 1)
        #expect(ids.count == 2)
        #expect(reason == .length)
    }
}
