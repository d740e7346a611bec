import Foundation
import Routing
import Testing

@testable import Inference

@Suite struct FamilyManifestTests {
    static let json = """
        {"name":"f","base":"base","members":[
        {"id":"base","path":"base"},
        {"id":"long","path":"a/long","alpha":0,"price":{"prompt":0.1,"completion":1}},
        {"id":"short","path":"short","alpha":0.4}]}
        """

    static func read(replacing old: String = "", with new: String = "") throws -> FamilyManifest {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("laconic-manifest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = old.isEmpty ? json : json.replacing(old, with: new)
        try Data(text.utf8).write(to: folder.appendingPathComponent("family.json"))
        return try #require(try FamilyManifest(folder: folder.path))
    }

    @Test func `members come lightest penalty first, the base last`() throws {
        let manifest = try Self.read()
        #expect(manifest.members.map(\.id) == ["long", "short", "base"])
        #expect(manifest.members[0].price == Price(prompt: 0.1, completion: 1))
    }

    @Test func `what is written is read again`() throws {
        var manifest = try Self.read()
        manifest.members[0].predictor = Predictor(
            means: Array(repeating: 0, count: PromptFeatures.names.count),
            deviations: Array(repeating: 1, count: PromptFeatures.names.count),
            length: Array(repeating: 0.25, count: PromptFeatures.names.count),
            spread: Array(repeating: 0, count: PromptFeatures.names.count),
            right: Array(repeating: 0, count: PromptFeatures.names.count), residuals: [-1, 0.5],
            closings: [.init(share: 0.5, accuracy: 0.25)])
        manifest.probe = Probe(member: "short", directions: [[0.125, -3], [1e-6, 0]])
        var probed = manifest.members[0].predictor
        probed?.means += [1, 2]
        probed?.deviations += [1, 1]
        probed?.length += [0.5, 0]
        probed?.spread += [0, 0]
        probed?.right += [0, -1]
        manifest.members[0].probePredictor = probed
        let text = String(decoding: try manifest.json(), as: UTF8.self)
        #expect(try Self.read(replacing: Self.json, with: text) == manifest)
    }

    @Test(arguments: [
        ("\"path\":\"short\"", "\"path\":\"../short\"", "members.2.path"),
        ("\"path\":\"short\"", "\"path\":\"/short\"", "members.2.path"),
        ("\"id\":\"short\"", "\"id\":\"long\"", "members.2.id"),
        ("\"id\":\"short\",", "", "members.2.id: expected, found nothing"),
        ("\"alpha\":0.4", "\"alpha\":1", "members.2.alpha"),
        ("\"alpha\":0.4", "\"alpha\":0", "members.2.alpha"),
        ("\"alpha\":0.4", "\"alpha\":\"x\"", "members.2.alpha: expected Double"),
        ("\"completion\":1", "\"completion\":-1", "members.1.price"),
        (
            "\"alpha\":0.4",
            "\"alpha\":0.4,\"predictor\":{\"means\":[0],\"deviations\":[1],\"length\":[1],\"spread\":[0],\"right\":[0],\"residuals\":[0],\"closings\":[]}",
            "members.2.predictor"
        ),
        (
            "\"members\":", "\"probe\":{\"member\":\"who\",\"directions\":[]},\"members\":",
            "probe.member: expected one of the members, found 'who'"
        ),
        (
            "\"members\":", "\"probe\":{\"member\":\"base\"},\"members\":",
            "probe.directions: expected, found nothing"
        ),
        (
            "\"alpha\":0.4",
            "\"alpha\":0.4,\"probe_predictor\":{\"means\":[0],\"deviations\":[1],\"length\":[1],\"spread\":[0],\"right\":[0],\"residuals\":[0],\"closings\":[]}",
            "members.2.probe_predictor: expected a probe"
        ),
        ("{\"name\"", "[{\"name\"", "JSON"),
    ])
    func `a broken manifest is refused by the key that is wrong`(
        old: String, new: String, expected: String
    ) throws {
        do {
            _ = try Self.read(replacing: old, with: new)
            Issue.record("it was taken")
        } catch let error as ModelLoadingError {
            #expect("\(error)".contains("family.json: "), "\(error)")
            #expect("\(error)".contains(expected), "\(error)")
        }
    }
}
