import Foundation
import Testing

@testable import Tokenization

/// The files beside the tests.
enum Fixtures {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures")
        return [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    static func tree(_ name: String) throws -> JSONField {
        var reader = try JSONReader(file: name, bytes: try bytes(name))
        return JSONField(file: name, name: "", node: try reader.readNode())
    }

    static func strings() throws -> [String] {
        try tree("strings.json").elements().map { try $0.string() }
    }

    static func tokenizer(_ kind: String) throws -> Tokenizer {
        try Tokenizer(tokenizerJSON: try bytes("tokenizer-\(kind).json"))
    }
}

extension JSONField {
    func ids() throws -> [Int32] {
        try elements().map { Int32(try $0.integer(in: 0...1 << 22)) }
    }
}

extension StreamingDetokenizer {
    /// Everything that comes out for these ids.
    mutating func all(_ ids: [Int32]) -> String {
        var text = ""
        for id in ids { text += append(id) }
        return text + flush()
    }
}
