import Evaluation
public import Inference
import Tokenization

/// Worked solutions of generated problems, as token ids.
public struct ArithmeticExamples: ExampleSource {
    private let corpus: TraceCorpus
    private let prompts: CheckpointPrompts
    private let wording: QuestionWording
    private let endOfSequence: Int32

    /// Examples in the words of a checkpoint.
    ///
    /// - Parameters:
    ///   - corpus: Problems and solutions.
    ///   - prompts: The tokenizer and template to write them with.
    ///   - wording: How questions are put.
    /// - Throws: `TrainingError.setting` where the tokenizer has no end of sequence.
    public init(
        corpus: TraceCorpus, prompts: CheckpointPrompts, wording: QuestionWording
    ) throws(TrainingError) {
        self.corpus = corpus
        self.prompts = prompts
        self.wording = wording
        endOfSequence = try prompts.endOfSequence
    }

    /// Prompt, solution and end of sequence; deliberate mistakes are not learned.
    public func example(_ index: Int) throws(TrainingError) -> SupervisedExample {
        let example = corpus.example(at: UInt64(index))
        let message = wording.message(for: example.problem.question, index: UInt64(index))
        let prompt = try prompts.trainingPrompt(message)
        var tokens = prompt
        var isLearned = Array(repeating: false, count: prompt.count)
        for segment in example.trace.segments {
            let ids = prompts.tokenizer.encode(segment.text, addSpecialTokens: false)
            tokens += ids
            isLearned += Array(repeating: segment.isLearned, count: ids.count)
        }
        return SupervisedExample(
            tokens: tokens + [endOfSequence], isLearned: isLearned + [true])
    }
}

extension CheckpointPrompts {
    /// The id that ends a response that is learned.
    var endOfSequence: Int32 {
        get throws(TrainingError) {
            guard let id = tokenizer.eosToken?.id else {
                throw .setting(
                    name: "tokenizer", expected: "an eos_token in tokenizer_config.json",
                    found: "none")
            }
            return id
        }
    }

    /// The prompt of a message, with a template's refusal told as training tells it.
    func trainingPrompt(_ message: String) throws(TrainingError) -> [Int32] {
        do throws(TemplateError) {
            return try prompt(message: message)
        } catch {
            throw .setting(
                name: "chat template", expected: "one that takes a user message",
                found: "\(error)")
        }
    }
}
