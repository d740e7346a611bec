import Checkpoints
import Testing

@Suite struct JSONNodeTests {
    private let root: JSONNode

    init() throws {
        let text = """
            {"size": 8, "theta": 1e4, "tied": true, "name": "tiny", "pad": null,
             "rope": {"factor": 2.5, "list": [1, "x"]}}
            """
        root = JSONNode(
            root: try JSONValue(parsing: Array(text.utf8).span, file: "config.json"),
            file: "config.json")
    }

    @Test func valuesOfTheRightKindAreReturned() throws {
        #expect(try root.require("size").integer(in: 1...8) == 8)
        #expect(try root.require("size").double() == 8)
        #expect(try root.require("theta").double(in: 1...1e9) == 10_000)
        #expect(try root.require("tied").bool())
        #expect(try root.require("name").string() == "tiny")
        #expect(try root.require("rope").require("list").elements().first?.integer() == 1)
        #expect(try root.members().map(\.key) == ["size", "theta", "tied", "name", "rope"])
    }

    @Test func nullCountsAsAbsent() throws {
        #expect(root["pad"] == nil)
        #expect(root["nothing"] == nil)
        #expect(
            throws: CheckpointError.missingField(file: "config.json", field: "pad")
        ) {
            try root.require("pad")
        }
    }

    @Test func errorsNameTheKeyPathWhatWasExpectedAndWhatIsThere() throws {
        let rope = try root.require("rope")
        #expect(throws: CheckpointError.missingField(file: "config.json", field: "rope.type")) {
            try rope.require("type")
        }
        #expect(
            throws: CheckpointError.malformed(
                file: "config.json", field: "rope.list[1]", expected: "an integer in 0...9",
                found: "\"x\"")
        ) {
            try rope.require("list").elements()[1].integer(in: 0...9)
        }
        #expect(
            throws: CheckpointError.malformed(
                file: "config.json", field: "rope.factor", expected: "an integer", found: "2.5")
        ) {
            try rope.require("factor").integer()
        }
        #expect(throws: CheckpointError.self) { try root.require("size").integer(in: 1...7) }
        #expect(throws: CheckpointError.self) { try root.require("size").double(in: 0...1) }
        #expect(throws: CheckpointError.self) { try root.require("size").string() }
        #expect(throws: CheckpointError.self) { try root.require("size").require("x") }
        #expect(throws: CheckpointError.self) { try root.require("name").bool() }
        #expect(throws: CheckpointError.self) { try root.require("name").double() }
        #expect(throws: CheckpointError.self) { try root.require("name").elements() }
        #expect(throws: CheckpointError.self) { try root.require("name").members() }
    }
}
