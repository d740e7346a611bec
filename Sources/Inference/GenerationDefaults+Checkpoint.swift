import Checkpoints
import Tokenization

extension GenerationDefaults {
    /// Reads `generation_config.json`, or what stands in for it.
    ///
    /// Stop ids are those of the generation configuration, or of `config.json` where it is
    /// missing, and the tokenizer's own end of sequence. A checkpoint that says `do_sample: false`
    /// is greedy.
    init(
        checkpoint: Checkpoint, tokenizer: Tokenizer, vocabularySize: Int
    ) throws(ModelLoadingError) {
        self.init()
        do {
            let generation = try checkpoint.json(.generationConfiguration)
            if let generation {
                _ = try generation.members()
                try read(generation)
            }
            let ids = try (generation ?? checkpoint.json(.configuration))?["eos_token_id"]
            if let ids {
                for node in try Self.list(ids) { stopIDs.insert(try Self.id(node, vocabularySize)) }
            }
            if let gguf = checkpoint.gguf {
                for key in ["eos_token_id", "eot_token_id", "eom_token_id"] {
                    guard let id = try gguf.unsigned("tokenizer.ggml.\(key)") else { continue }
                    guard id < vocabularySize else {
                        throw ModelLoadingError.invalidStopID(
                            path: checkpoint.location, id: id, vocabularySize: vocabularySize)
                    }
                    stopIDs.insert(Int32(id))
                }
            }
        } catch let error as ModelLoadingError {
            throw error
        } catch {
            throw .checkpoint("\(error)")
        }
        if let id = tokenizer.eosToken?.id, Int(id) < vocabularySize { stopIDs.insert(id) }
    }

    private mutating func read(_ node: JSONNode) throws(CheckpointError) {
        let samples = try node["do_sample"]?.bool()
        if samples == true {
            // Said to sample and nothing else: sampling with nothing cut.
            temperature = 1
            topP = 1
        }
        if let value = try node["temperature"]?.double(in: 0...100) { temperature = Float(value) }
        if let value = try node["top_p"]?.double(in: 0...1), value > 0 { topP = Float(value) }
        if let value = try node["top_k"]?.integer(in: -1...Int(Int32.max)) { topK = max(0, value) }
        if let value = try node["min_p"]?.double(in: 0...1) { minP = Float(value) }
        if let value = try node["repetition_penalty"]?.double(in: 0.01...100) {
            repetitionPenalty = Float(value)
        }
        if samples == false { temperature = 0 }
    }

    private static func list(_ node: JSONNode) throws(CheckpointError) -> [JSONNode] {
        if case .array = node.value { return try node.elements() }
        return [node]
    }

    private static func id(
        _ node: JSONNode, _ vocabularySize: Int
    ) throws(CheckpointError) -> Int32 {
        Int32(try node.integer(in: 0...(vocabularySize - 1)))
    }
}
