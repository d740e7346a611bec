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

    /// A file's words as GGUF has them, to be cut as `name` says.
    static func ggufVocabulary(_ kind: String, named name: String) throws -> GGUFVocabulary {
        let file = try tokenizer(kind)
        let tokens = (0..<Int32(file.vocabularySize)).map { file.token(of: $0) ?? "" }
        let types: [Int32] = tokens.indices.map { id in
            let added = file.addedTokens.first { $0.id == Int32(id) }
            return added.map { $0.isSpecial ? 3 : 4 } ?? 1
        }
        let model = try tree("tokenizer-\(kind).json").required("model", "a model")
        let merges = try model.required("merges", "merges").elements().map { merge in
            try merge.elements().map { try $0.string() }.joined(separator: " ")
        }
        return GGUFVocabulary(
            model: "gpt2", preTokenizer: name, tokens: tokens, tokenTypes: types, merges: merges)
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
