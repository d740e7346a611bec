import Checkpoints
import Foundation
import Kernels
import TestSupport

/// A random Qwen2 checkpoint of R1's habits on disk, small enough to decode in milliseconds.
///
/// Ids 0 to 255 are bytes; the special ids of the R1 family follow. The folder goes with it.
final class TinyCheckpoint {
    static let endOfSequence: Int32 = 256
    static let user: Int32 = 257
    static let assistant: Int32 = 258
    static let beginOfSequence: Int32 = 259
    static let openThought: Int32 = 260
    static let closeThought: Int32 = 261
    static let vocabularySize = 262
    static let contextLength = 512

    static let template = """
        {{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}\
        {{ '<｜User｜>' + message['content'] }}{% elif message['role'] == 'assistant' %}\
        {{ '<｜Assistant｜>' + message['content'].split('</think>')[-1] + eos_token }}\
        {% else %}{{ message['content'] }}{% endif %}{% endfor %}\
        {% if add_generation_prompt %}{{ '<｜Assistant｜><think>\\n' }}{% endif %}
        """

    let path: String

    /// Writes a checkpoint whose weights follow from `seed`.
    init(
        seed: UInt64 = 1, name: String = "tiny", in parent: String? = nil,
        template: String = TinyCheckpoint.template
    ) throws {
        let root =
            parent
            ?? FileManager.default.temporaryDirectory
            .appendingPathComponent("laconic-\(UUID().uuidString)").path
        path = "\(root)/\(name)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try Self.writeWeights(seed: seed, to: "\(path)/model.safetensors")
        try write("config.json", Self.config)
        try write("generation_config.json", Self.generation)
        try write("tokenizer.json", Self.tokenizer)
        try write(
            "tokenizer_config.json",
            [
                "bos_token": "<｜begin▁of▁sentence｜>", "eos_token": "<｜end▁of▁sentence｜>",
                "add_bos_token": true, "add_eos_token": false, "chat_template": template,
            ])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        // The folder around it goes with the last that lies in it.
        unsafe rmdir(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    /// Replaces a JSON file of the checkpoint.
    func write(_ file: String, _ json: [String: Any]) throws {
        let data = try JSONSerialization.data(withJSONObject: json)
        try data.write(to: URL(fileURLWithPath: "\(path)/\(file)"))
    }

    /// Takes a file of the checkpoint away.
    func remove(_ file: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(file)")
    }

    private static var config: [String: Any] {
        [
            "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": vocabularySize,
            "max_position_embeddings": contextLength, "rope_theta": 10000.0, "rms_norm_eps": 1e-6,
            "tie_word_embeddings": true,
            // As in the real family: wrong here, right in generation_config.json.
            "bos_token_id": Int(endOfSequence), "eos_token_id": Int(endOfSequence),
        ]
    }

    private static var generation: [String: Any] {
        [
            "bos_token_id": Int(beginOfSequence), "eos_token_id": [Int(endOfSequence)],
            "do_sample": true, "temperature": 0.7, "top_p": 0.9,
        ]
    }

    private static var tokenizer: [String: Any] {
        let plain = Array(33...126) + Array(161...172) + Array(174...255)
        var vocabulary: [String: Int] = [:]
        var other = 256
        for byte in 0..<256 {
            let scalar = plain.contains(byte) ? byte : other
            if !plain.contains(byte) { other += 1 }
            vocabulary[Unicode.Scalar(UInt32(scalar)).map { String($0) } ?? ""] = byte
        }
        let added: [(Int32, String, Bool)] = [
            (endOfSequence, "<｜end▁of▁sentence｜>", true), (user, "<｜User｜>", false),
            (assistant, "<｜Assistant｜>", false),
            (beginOfSequence, "<｜begin▁of▁sentence｜>", true), (openThought, "<think>", false),
            (closeThought, "</think>", false),
        ]
        let byteLevel: [String: Any] = [
            "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false,
            "use_regex": false,
        ]
        return [
            "version": "1.0",
            "added_tokens": added.map { id, content, special in
                [
                    "id": Int(id), "content": content, "single_word": false, "lstrip": false,
                    "rstrip": false, "normalized": false, "special": special,
                ] as [String: Any]
            },
            "normalizer": ["type": "NFC"], "pre_tokenizer": byteLevel, "decoder": byteLevel,
            "model": [
                "type": "BPE", "vocab": vocabulary, "merges": [String](), "fuse_unk": false,
                "byte_fallback": false,
            ] as [String: Any],
        ]
    }

    private static func writeWeights(seed: UInt64, to path: String) throws {
        var generator = SeededGenerator(seed: seed)
        func random(_ shape: [Int], around mean: Float = 0) throws -> TensorView {
            let values = (0..<shape.reduce(1, *)).map { _ in
                mean + Float.random(in: -0.3...0.3, using: &generator)
            }
            return try TensorView(
                storage: ByteStorage(floats: values), elementType: .f32, shape: shape)
        }
        var tensors = [
            ("model.embed_tokens.weight", try random([vocabularySize, 32])),
            ("model.norm.weight", try random([32], around: 1)),
        ]
        for layer in 0..<2 {
            let shapes: [(String, [Int], Float)] = [
                ("input_layernorm.weight", [32], 1), ("post_attention_layernorm.weight", [32], 1),
                ("self_attn.q_proj.weight", [32, 32], 0), ("self_attn.q_proj.bias", [32], 0),
                ("self_attn.k_proj.weight", [16, 32], 0), ("self_attn.k_proj.bias", [16], 0),
                ("self_attn.v_proj.weight", [16, 32], 0), ("self_attn.v_proj.bias", [16], 0),
                ("self_attn.o_proj.weight", [32, 32], 0), ("mlp.gate_proj.weight", [64, 32], 0),
                ("mlp.up_proj.weight", [64, 32], 0), ("mlp.down_proj.weight", [32, 64], 0),
            ]
            for (name, shape, mean) in shapes {
                tensors.append(("model.layers.\(layer).\(name)", try random(shape, around: mean)))
            }
        }
        try SafetensorsWriter.write(tensors.map { (name: $0.0, tensor: $0.1) }, to: path)
    }
}
