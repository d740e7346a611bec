extension TrainedVocabulary {
    /// The vocabulary as a complete `tokenizer.json`.
    ///
    /// - Returns: The file, as the Hugging Face `tokenizers` library writes it on one line.
    public func tokenizerJSON() -> [UInt8] {
        let added = specialTokens.indices.map { id in
            "{\"id\":\(id),\(Self.members(of: tokens[id]))}"
        }
        let spelled = tokens.map { JSONText.quoted($0) }
        let words = spelled.enumerated().map { id, token in "\(token):\(id)" }
        let pairs = merges.map { "[\(spelled[Int($0.left)]),\(spelled[Int($0.right)])]" }
        let text = """
            {"version":"1.0","truncation":null,"padding":null,\
            "added_tokens":[\(added.joined(separator: ","))],"normalizer":null,\
            "pre_tokenizer":{"type":"Sequence","pretokenizers":[\
            {"type":"Split","pattern":{"Regex":\(JSONText.quoted(pattern))},\
            "behavior":"Isolated","invert":false},\
            {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},\
            "post_processor":null,\
            "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,\
            "use_regex":true},\
            "model":{"type":"BPE","dropout":null,"unk_token":null,\
            "continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,\
            "byte_fallback":false,"ignore_merges":false,\
            "vocab":{\(words.joined(separator: ","))},\
            "merges":[\(pairs.joined(separator: ","))]}}
            """
        return Array(text.utf8)
    }

    /// The `tokenizer_config.json` to lie beside ``tokenizerJSON()``.
    ///
    /// - Parameters:
    ///   - eos: The special token that ends a text.
    ///   - pad: The special token that fills batches; that of the end when `nil`.
    ///   - chatTemplate: The chat template, in Jinja, when there is one.
    ///   - modelMaxLength: The most tokens that the model takes.
    /// - Returns: The file, as readable lines.
    /// - Throws: ``TokenizationError`` when `eos` or `pad` is not among the special tokens.
    public func tokenizerConfigJSON(
        eos: String, pad: String? = nil, chatTemplate: String? = nil, modelMaxLength: Int
    ) throws(TokenizationError) -> [UInt8] {
        for token in [eos, pad ?? eos] where !specialTokens.contains(token) {
            throw .invalidSpecialToken(token, reason: "the vocabulary has no such special token")
        }
        let added = specialTokens.indices.map { id in
            "    \"\(id)\": {\(Self.members(of: tokens[id]))}"
        }
        var lines = [
            "  \"added_tokens_decoder\": {\n\(added.joined(separator: ",\n"))\n  }",
            "  \"bos_token\": null",
        ]
        if let chatTemplate {
            lines.append("  \"chat_template\": \(JSONText.quoted(chatTemplate))")
        }
        lines += [
            "  \"clean_up_tokenization_spaces\": false",
            "  \"eos_token\": \(JSONText.quoted(eos))",
            "  \"model_max_length\": \(modelMaxLength)",
            "  \"pad_token\": \(JSONText.quoted(pad ?? eos))",
            "  \"tokenizer_class\": \"PreTrainedTokenizerFast\"",
            "  \"unk_token\": null",
        ]
        return Array("{\n\(lines.joined(separator: ",\n"))\n}\n".utf8)
    }

    /// What both files say about a special token.
    private static func members(of token: String) -> String {
        """
        "content":\(JSONText.quoted(token)),"single_word":false,"lstrip":false,"rstrip":false,\
        "normalized":false,"special":\(!shownTokens.contains(token))
        """
    }
}
