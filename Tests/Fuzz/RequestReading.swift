import Tokenization

@testable import Serving

/// A value that reads is the same once written, and no body of any API traps.
func readBody(_ input: [UInt8]) {
    guard let value = try? JSONReader.read(input) else { return }
    precondition((try? JSONReader.read(Array(value.json.utf8))) == value, "another value")
    guard case .object(let members) = value else { return }
    let fields = RequestFields(members)
    let limits = ServingConfiguration()
    _ = try? CompletionJob.generate(fields, limits: limits)
    _ = try? CompletionJob.chat(fields, limits: limits)
    _ = try? CompletionJob.text(fields, limits: limits)
    _ = try? CompletionJob.tgi(fields, streams: nil, limits: limits)
    _ = try? CompletionJob.responses(fields, limits: limits)
    _ = try? CompletionJob.ollamaChat(fields, limits: limits)
    _ = try? CompletionJob.ollamaGenerate(fields, limits: limits)
}
