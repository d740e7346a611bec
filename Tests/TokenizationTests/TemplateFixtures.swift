import Glibc
import Testing
import Tokenization

/// What the reference made of templates, read from the fixtures beside the tests.
struct TemplateFixtures {
    /// What a rendering comes to.
    enum Outcome: Equatable, CustomStringConvertible {
        case text([UInt8])
        case raised(String)
        case error(String)

        var description: String {
            switch self {
            case .text(let bytes): "text " + String(decoding: bytes, as: UTF8.self)
            case .raised(let message): "raised " + message
            case .error(let kind): "error " + kind
            }
        }
    }

    static let folder =
        String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex))
        + "/Fixtures/templates/"

    /// The moment that the fixtures were made at.
    static let clock: @Sendable () -> TemplateTime = {
        TemplateTime(
            year: 2025, month: 3, day: 7, hour: 14, minute: 5, second: 9, microsecond: 123_456)
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        let file = try unsafe #require(fopen(folder + name, "rb"))
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    static func source(_ name: String) throws -> String {
        String(decoding: try bytes(name + ".jinja"), as: UTF8.self)
    }

    static func json(_ name: String) throws -> TemplateValue {
        try TemplateValue(json: try bytes(name))
    }

    static func variables(_ value: TemplateValue?) throws -> [String: TemplateValue] {
        guard case .object(let pairs) = try #require(value) else { return [:] }
        return Dictionary(pairs.map { ($0.key, $0.value) }) { $1 }
    }

    static func expected(_ value: TemplateValue) -> Outcome {
        if case .string(let text)? = value["text"] { return .text(Array(text.utf8)) }
        if case .string(let message)? = value["raised"] { return .raised(message) }
        if case .string(let kind)? = value["error"] { return .error(kind) }
        return .error("no outcome in the fixture")
    }

    /// What our renderer makes of a source.
    static func outcome(
        _ source: String, _ variables: [String: TemplateValue]
    ) -> Outcome {
        do {
            let template = try ChatTemplate(source: source)
            return .text(Array(try template.render(variables, clock: clock).utf8))
        } catch {
            return switch error {
            case .raised(let message): .raised(message)
            case .syntax: .error("syntax")
            case .security: .error("security")
            case .undefinedValue: .error("undefined")
            default: .error("evaluation")
            }
        }
    }
}
