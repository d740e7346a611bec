import Checkpoints
import Foundation
import Models
import Testing

@Suite struct RotaryEmbeddingTests {
    @Test func `frequencies and factor of every scaling equal transformers'`() throws {
        let data = try Data(contentsOf: Fixture.folder.appendingPathComponent("rope.json"))
        let root = try JSONNode(
            root: JSONValue(parsing: Array(data).span, file: "rope.json"), file: "rope.json")
        let cases = try root.elements()
        #expect(cases.count == 39)
        for node in cases {
            let name = try node.require("name").string()
            let config = try ModelConfig(
                huggingFace: node.require("config").value, file: "config.json")
            let expected = try node.require("frequencies").elements().map {
                Float(try $0.double())
            }
            let found = config.rotary.frequencies(headSize: config.headSize)
            try #require(found.count == expected.count, "\(name)")
            for (value, reference) in zip(found, expected) {
                #expect(abs(value - reference) <= 4e-7 * abs(reference), "\(name)")
            }
            let factor = Float(try node.require("attentionFactor").double())
            #expect(abs(config.rotary.attentionFactor - factor) <= 1e-6, "\(name)")
        }
    }
}
