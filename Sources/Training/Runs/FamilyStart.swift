import Checkpoints
import Evaluation
import Foundation
import Inference
import Kernels
import Models
import Tokenization

/// The checkpoint that a family begins with: a tokenizer of its own, a template with a thought, and
/// random parameters.
struct FamilyStart {
    let recipe: Recipe

    static let endOfSequence = "<|endoftext|>"
    static let specialTokens = [endOfSequence, "<|User|>", "<|Assistant|>", "<think>", "</think>"]

    /// The conversation of the R1 distillations: the thought is opened by the prompt, and earlier
    /// thoughts are left out.
    static let template = """
        {%- for message in messages -%}
        {%- if message['role'] == 'user' -%}
        {{ '<|User|>' + message['content'] }}
        {%- elif message['role'] == 'assistant' -%}
        {{ '<|Assistant|>' + message['content'].split('</think>')[-1] | trim + eos_token }}
        {%- else -%}
        {{ message['content'] }}
        {%- endif -%}
        {%- endfor -%}
        {%- if add_generation_prompt -%}
        {{ '<|Assistant|><think>\\n' }}
        {%- endif -%}
        """

    /// Makes the folder.
    ///
    /// - Parameters:
    ///   - path: Where it shall appear.
    ///   - kernels: What parameters are laid out with.
    /// - Throws: `TrainingError` where the recipe gives no network or the disk fails.
    func write(to path: String, kernels: KernelContext) throws(TrainingError) {
        let vocabulary = try vocabulary()
        let network = TrainableNetwork(config: try config, kernels: kernels, rowCapacity: 1)
        network.initialize(seed: recipe.seed)
        var files = try words(vocabulary)
        files[CompanionFile.configuration.rawValue] = try configuration(path)
        let tensors: [(name: String, tensor: TensorView)]
        do {
            tensors = try network.tensors(as: .f32)
        } catch {
            throw .file(path: path, reason: "\(error)")
        }
        try CheckpointFolder(path: path).write(files: files, tensors: tensors)
    }

    /// The tokenizer, from questions and solutions of the train split.
    func vocabulary() throws(TrainingError) -> TrainedVocabulary {
        let corpus = try TraceCorpus(seed: recipe.seed, mix: recipe.supervised.mix.weights)
        let wording = QuestionWording(
            percent: recipe.wording.instructionPercent, seed: recipe.seed)
        return try vocabulary(
            of: (0..<UInt64(recipe.vocabulary.examples)).lazy.flatMap { index in
                let example = corpus.example(at: index)
                let question = wording.message(for: example.problem.question, index: index)
                return [question, example.trace.text]
            })
    }

    /// The tokenizer that some texts give.
    func vocabulary(of texts: some Sequence<String>) throws(TrainingError) -> TrainedVocabulary {
        do {
            var trainer = try VocabularyTrainer(
                specialTokens: Self.specialTokens,
                vocabularySize: recipe.vocabulary.size,
                minimumFrequency: recipe.vocabulary.minimumFrequency)
            for text in texts { trainer.add(text) }
            return trainer.train()
        } catch {
            throw .setting(
                name: "vocabulary", expected: "a tokenizer that can be made", found: "\(error)")
        }
    }

    /// The network's shape.
    var config: ModelConfig {
        get throws(TrainingError) {
            do {
                let file = "the recipe's network"
                let bytes = Array(try configuration(file))
                return try ModelConfig(
                    huggingFace: try JSONValue(parsing: bytes.span, file: file), file: file)
            } catch {
                throw .setting(
                    name: "network", expected: "a network that can be built", found: "\(error)")
            }
        }
    }

    private func configuration(_ path: String) throws(TrainingError) -> Data {
        let shape = recipe.network
        let object: [String: Any] = [
            "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2",
            "hidden_act": "silu", "hidden_size": shape.hiddenSize,
            "intermediate_size": shape.intermediateSize, "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads, "num_key_value_heads": shape.keyValueHeads,
            "vocab_size": shape.vocabularyRows, "max_position_embeddings": shape.context,
            "rope_theta": shape.ropeTheta, "rms_norm_eps": 1e-6, "tie_word_embeddings": true,
            "use_sliding_window": false, "attention_dropout": 0, "initializer_range": 0.02,
            "bos_token_id": 0, "eos_token_id": 0, "torch_dtype": "float32", "use_cache": true,
        ]
        return try CheckpointFolder.json(object, path: path)
    }

    /// The files beside the weights, by name.
    func words(_ vocabulary: TrainedVocabulary) throws(TrainingError) -> [String: Data] {
        let generation: [String: Any] = [
            "do_sample": true, "eos_token_id": 0, "pad_token_id": 0,
            "temperature": recipe.evaluation.temperature, "top_p": 1.0,
        ]
        let configuration: [UInt8]
        do {
            configuration = try vocabulary.tokenizerConfigJSON(
                eos: Self.endOfSequence, pad: Self.endOfSequence, chatTemplate: Self.template,
                modelMaxLength: recipe.network.context)
        } catch {
            throw .setting(
                name: "vocabulary", expected: "an end of sequence in it", found: "\(error)")
        }
        let name = CompanionFile.generationConfiguration.rawValue
        return [
            CompanionFile.tokenizer.rawValue: Data(vocabulary.tokenizerJSON()),
            CompanionFile.tokenizerConfiguration.rawValue: Data(configuration),
            name: try CheckpointFolder.json(generation, path: name),
        ]
    }
}
