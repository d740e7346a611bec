import Checkpoints
import Tokenization

/// A checkpoint's chat templates, compiled once: the usual one and the one for tools.
struct CompiledTemplates: Sendable {
    /// The sources by name; none where the checkpoint has no template.
    let sources: [String: String]
    private let plain: ChatTemplate?
    private let withTools: ChatTemplate?

    /// Compiles what the checkpoint holds: `chat_template.jinja`, or `chat_template.json`, or the
    /// tokenizer configuration's field, or GGUF metadata.
    ///
    /// - Parameter checkpoint: An opened checkpoint.
    /// - Throws: `ModelLoadingError` naming the file that is broken.
    init(_ checkpoint: Checkpoint) throws(ModelLoadingError) {
        var set: ChatTemplateSet?
        var path = checkpoint.location
        do {
            if let gguf = checkpoint.gguf {
                set = try gguf.string("tokenizer.chat_template").map(ChatTemplateSet.init(source:))
            } else {
                for companion in [
                    CompanionFile.chatTemplate, .chatTemplateJSON, .tokenizerConfiguration,
                ] where set == nil {
                    path = checkpoint.path(of: companion) ?? path
                    set = try Self.set(in: checkpoint, companion, path: path)
                }
            }
            sources = set?.sources ?? [:]
            plain = try set.map { try ChatTemplate(source: try $0.source()) }
            withTools = try set.map { try ChatTemplate(source: try $0.source(hasTools: true)) }
        } catch let error as CheckpointError {
            throw .checkpoint("\(error)")
        } catch {
            throw .template(path: path, message: "\(error)")
        }
    }

    /// The template for a conversation with or without tools.
    func template(withTools hasTools: Bool) -> ChatTemplate? {
        hasTools ? withTools : plain
    }

    private static func set(
        in checkpoint: Checkpoint, _ companion: CompanionFile, path: String
    ) throws -> ChatTemplateSet? {
        guard let bytes = try checkpoint.bytes(of: companion) else { return nil }
        guard companion != .chatTemplate else {
            guard let source = String(validating: bytes, as: UTF8.self) else {
                throw CheckpointError.malformed(
                    file: path, field: "text", expected: "UTF-8", found: "other bytes")
            }
            return ChatTemplateSet(source: source)
        }
        guard let field = try TemplateValue(json: bytes)["chat_template"], field != .null else {
            return nil
        }
        return try ChatTemplateSet(field: field)
    }
}
