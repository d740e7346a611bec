import Inference
import Tokenization

extension RequestFields {
    /// Reads the sampling fields; what is absent stays the model's default.
    mutating func sampling() throws(ServingError) -> SamplingOverrides {
        var sampling = SamplingOverrides()
        // Below this the softmax is an argmax already and the division only risks overflow.
        let coldest: Float = 1e-4
        sampling.temperature = try number("temperature", in: 0...100)
            .map { $0 < coldest ? 0 : $0 }
        // A p that rounds to zero as a Float still means "the likeliest token only".
        sampling.topP = try number("top_p", in: 0...1, aboveLower: true)
            .map { max($0, .leastNormalMagnitude) }
        sampling.topK = try integer("top_k", in: -1...Int(Int32.max)).map { max($0, 0) }
        sampling.minP = try number("min_p", in: 0...1)
        sampling.repetitionPenalty = try number("repetition_penalty", in: 0.01...100)
        sampling.presencePenalty = try number("presence_penalty", in: -2...2)
        sampling.frequencyPenalty = try number("frequency_penalty", in: -2...2)
        sampling.logitBias = try logitBias()
        sampling.seed = try seed()
        return sampling
    }

    private mutating func seed() throws(ServingError) -> UInt64? {
        switch take("seed") {
        case nil: return nil
        case .integer(let number): return UInt64(bitPattern: Int64(number))
        // Integers beyond 64 bits arrive rounded; any fixed image of them is a seed.
        case .number(let number) where number.rounded() == number: return number.bitPattern
        case .some(let other): throw mismatch("seed", "an integer", other)
        }
    }

    private mutating func logitBias() throws(ServingError) -> [Int32: Float] {
        guard var entries = try object("logit_bias") else { return [:] }
        guard entries.names.count <= RequestLimits.logitBiases else {
            throw .invalidValue(
                path: entries.path, expected: "at most \(RequestLimits.logitBiases) entries",
                found: "\(entries.names.count)")
        }
        var biases: [Int32: Float] = [:]
        for name in entries.names {
            // `Int32` would also read a sign.
            guard name.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let id = Int32(name) else {
                throw .invalidValue(
                    path: entries.path(of: name), expected: "named by a token id",
                    found: "'\(name.prefix(32))'")
            }
            biases[id] = try entries.number(name, in: -100...100)
        }
        return biases
    }

    /// Reads `stop`, one text or several.
    mutating func stopStrings() throws(ServingError) -> [String] {
        let texts: [TemplateValue]
        switch take("stop") {
        case nil: return []
        case .string(let text): texts = [.string(text)]
        case .array(let elements): texts = elements
        case .some(let other): throw mismatch("stop", "a string or a list of strings", other)
        }
        guard texts.count <= RequestLimits.stopStrings else {
            throw .invalidValue(
                path: path(of: "stop"), expected: "at most \(RequestLimits.stopStrings) strings",
                found: "\(texts.count)")
        }
        var stops: [String] = []
        for (position, element) in texts.enumerated() {
            guard case .string(let text) = element else {
                throw mismatch("stop.\(position)", "a string", element)
            }
            guard (1...RequestLimits.stopBytes).contains(text.utf8.count) else {
                throw .invalidValue(
                    path: path(of: "stop.\(position)"),
                    expected: "of 1 to \(RequestLimits.stopBytes) bytes",
                    found: "\(text.utf8.count) bytes")
            }
            stops.append(text)
        }
        return stops
    }

    /// Reads a list of token ids; `nil` if absent.
    mutating func tokenIDs(
        _ name: String, atMost limit: Int = .max
    ) throws(ServingError) -> [Int32]? {
        guard let elements = try array(name) else { return nil }
        guard elements.count <= limit else {
            throw .invalidValue(
                path: path(of: name), expected: "at most \(limit) token ids",
                found: "\(elements.count)")
        }
        return try Self.tokenIDs(elements, path: path(of: name))
    }

    /// The token ids of a list, each a number from 0 that fits 32 bits.
    static func tokenIDs(
        _ elements: [TemplateValue], path: String
    ) throws(ServingError) -> [Int32] {
        var ids: [Int32] = []
        ids.reserveCapacity(elements.count)
        for (position, element) in elements.enumerated() {
            guard let number = element.exactInteger else {
                throw .wrongType(
                    path: "\(path).\(position)", expected: "a token id", found: element.kind)
            }
            guard let id = Int32(exactly: number), id >= 0 else {
                throw .invalidValue(
                    path: "\(path).\(position)", expected: "a token id", found: "\(number)")
            }
            ids.append(id)
        }
        return ids
    }
}
