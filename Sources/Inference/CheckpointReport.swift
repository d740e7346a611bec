import Checkpoints
import Foundation
import Kernels
import Models
import Tokenization

/// What a checkpoint is, for `laconic inspect`; making one checks everything that can be checked
/// without running the network.
public struct CheckpointReport: Sendable, Encodable {
    /// The tensors of one element type.
    public struct TypeShare: Sendable, Encodable {
        /// The element type.
        public var type: String
        /// How many tensors.
        public var tensors: Int
        /// How many weights.
        public var parameters: Int
        /// Their size in the file.
        public var bytes: Int
    }

    /// A special id and its text.
    public struct NamedID: Sendable, Encodable {
        /// What it is for.
        public var role: String
        /// The id.
        public var id: Int32
        /// Its text.
        public var text: String
    }

    /// Where it lies.
    public var path: String
    /// `safetensors` or `gguf`.
    public var format: String
    /// Files that hold the weights.
    public var weightFiles: [String]
    /// The architecture, such as `qwen2`.
    public var architecture: String
    /// Weights, a tied embedding counted once.
    public var parameters: Int
    /// The weights by element type.
    public var types: [TypeShare]
    /// Layers.
    public var layers: Int
    /// Width of the residual stream.
    public var hiddenSize: Int
    /// Width of the feed-forward layers.
    public var intermediateSize: Int
    /// Query heads.
    public var heads: Int
    /// Key and value heads.
    public var keyValueHeads: Int
    /// Width of a head.
    public var headSize: Int
    /// Rows of the output.
    public var vocabularySize: Int
    /// Ids that the tokenizer knows.
    public var tokenizerSize: Int
    /// Whether input and output share their matrix.
    public var tiesEmbeddings: Bool
    /// The longest sequence the model was made for.
    public var contextLength: Int
    /// Positions: base, scaling.
    public var rope: String
    /// Layers that look back only so far, if any.
    public var slidingWindow: String?
    /// Special ids.
    public var specialIDs: [NamedID]
    /// Ids that end the output.
    public var stopIDs: [Int32]
    /// Whether plain text gets a start token.
    public var addsBOS: Bool
    /// How the thought is marked: `none`, or the ids of the tags.
    public var reasoning: String
    /// `none`, or how many characters the chat template has.
    public var chatTemplate: String
    /// Sampling defaults.
    public var sampling: [String: Float]
    /// Bytes of weights, mapped.
    public var weightBytes: Int
    /// Bytes of keys and values for one token.
    public var keyValueBytesPerToken: Int
    /// Bytes for weights and one sequence of full length.
    public var memoryBytes: Int
    /// Tensors that the network does not use.
    public var unusedTensors: [String]

    /// Opens a checkpoint, binds it, reads its words and scans every weight.
    ///
    /// - Parameters:
    ///   - path: Where it lies.
    ///   - threads: Threads that scan; `nil` is the CPUs that this process may use.
    ///   - progress: Told how many bytes of how many are scanned.
    /// - Throws: `ModelLoadingError` naming the first thing that is wrong.
    public init(
        path: String, threads: Int? = nil, progress: (_ done: Int, _ total: Int) -> Void
    ) throws(ModelLoadingError) {
        let source = try ModelSource(path: path)
        var options = LoadOptions()
        options.threads = threads
        do {
            try source.inspection.checkWeights(using: try options.pool(), progress: progress)
        } catch let error as ModelLoadingError {
            throw error
        } catch {
            throw .checkpoint("\(error)")
        }
        self.init(source)
    }

    private init(_ source: ModelSource) {
        let (checkpoint, inspection, text) = (source.checkpoint, source.inspection, source.text)
        let config = inspection.config
        self.path = checkpoint.location
        format = "\(checkpoint.format)"
        weightFiles = checkpoint.weightFiles.map { ($0 as NSString).lastPathComponent }
        architecture = config.architecture.modelType
        parameters = inspection.parameterCount
        types = inspection.typeShares.map { share in
            TypeShare(
                type: share.type.rawValue, tensors: share.tensorCount,
                parameters: share.elementCount, bytes: share.byteCount)
        }
        layers = config.layerCount
        hiddenSize = config.hiddenSize
        intermediateSize = config.intermediateSize
        heads = config.headCount
        keyValueHeads = config.keyValueHeadCount
        headSize = config.headSize
        vocabularySize = config.vocabularySize
        tokenizerSize = text.tokenizer.vocabularySize
        tiesEmbeddings = config.tiesEmbeddings
        contextLength = config.contextLength
        rope = config.rotary.summary
        slidingWindow = config.windowSummary
        specialIDs = [
            ("begin of sequence", text.tokenizer.bosToken),
            ("end of sequence", text.tokenizer.eosToken), ("padding", text.tokenizer.padToken),
            ("unknown", text.tokenizer.unknownToken),
        ].compactMap { role, token in
            token.map { NamedID(role: role, id: $0.id, text: $0.content) }
        }
        stopIDs = text.defaults.stopIDs.sorted()
        addsBOS = text.tokenizer.addsBOS
        reasoning = text.tags.map { "\($0.open) to \($0.close)" } ?? "none"
        let characters = text.templates.sources.sorted { $0.key < $1.key }.map(\.value.count)
        chatTemplate =
            characters.isEmpty
            ? "none" : characters.map { "\($0) characters" }.joined(separator: ", ")
        sampling = [
            "temperature": text.defaults.temperature, "top_p": text.defaults.topP,
            "top_k": Float(text.defaults.topK), "min_p": text.defaults.minP,
            "repetition_penalty": text.defaults.repetitionPenalty,
        ]
        weightBytes = inspection.weightByteCount
        keyValueBytesPerToken = config.keyValueByteCount(perTokenAs: inspection.keyValueType)
        memoryBytes = inspection.memoryByteCount(tokenCount: config.contextLength)
        unusedTensors = inspection.unexpectedTensors
    }
}

extension RotaryEmbedding {
    /// Base and scaling in a line.
    fileprivate var summary: String {
        let scaling =
            switch self.scaling {
            case .none: "unscaled"
            default: "\(self.scaling)"
            }
        return "theta \(theta), \(scaling)"
    }
}

extension ModelConfig {
    /// Which layers have a window, in a line.
    fileprivate var windowSummary: String? {
        let windows = Set(windows.compactMap { $0 }).sorted()
        guard !windows.isEmpty else { return nil }
        let count = self.windows.count { $0 != nil }
        let sizes = windows.map(String.init).joined(separator: ", ")
        return "\(sizes) tokens in \(count) of \(layerCount) layers"
    }
}
