public import Checkpoints
public import Kernels

/// The tensors of a network, checked against its config and ready to compute with.
///
/// Matrices stay where the checkpoint maps them, in their stored types, unless another format was
/// asked for; norms and biases are small and are expanded to f32.
public struct Weights: Sendable {
    /// A linear layer.
    public struct Linear: Sendable {
        /// `[outFeatures, inFeatures]`.
        public let matrix: WeightMatrix
        /// `[outFeatures]`, f32; nil where the layer has none.
        public let bias: [Float]?
    }

    /// The tensors of one transformer block.
    public struct Layer: Sendable {
        /// `[hiddenSize]`, f32.
        public let attentionNorm: [Float]
        /// `[headCount * headSize, hiddenSize]`.
        public let query: Linear
        /// `[keyValueHeadCount * headSize, hiddenSize]`.
        public let key: Linear
        /// `[keyValueHeadCount * headSize, hiddenSize]`.
        public let value: Linear
        /// `[headSize]`, f32; nil where queries are not normalised.
        public let queryNorm: [Float]?
        /// `[headSize]`, f32; nil where keys are not normalised.
        public let keyNorm: [Float]?
        /// `[hiddenSize, headCount * headSize]`.
        public let attentionOutput: Linear
        /// `[hiddenSize]`, f32.
        public let feedForwardNorm: [Float]
        /// `[intermediateSize, hiddenSize]`.
        public let gate: Linear
        /// `[intermediateSize, hiddenSize]`.
        public let up: Linear
        /// `[hiddenSize, intermediateSize]`.
        public let down: Linear
    }

    /// `[vocabularySize, hiddenSize]`.
    public let embedding: WeightMatrix
    /// `[layerCount]`.
    public let layers: [Layer]
    /// `[hiddenSize]`, f32.
    public let outputNorm: [Float]
    /// `[vocabularySize, hiddenSize]`; the embedding itself where they are tied.
    public let output: WeightMatrix

    /// Finds every tensor that `config` implies, in its shape and a type that can be computed with.
    ///
    /// - Parameters:
    ///   - checkpoint: Where the tensors are.
    ///   - config: What the network looks like.
    ///   - format: What matrices are kept as.
    ///   - pool: Workers for the conversion.
    /// - Throws: `ModelError` naming the tensor, what was expected and what is there.
    public init(
        _ checkpoint: Checkpoint, config: ModelConfig, as format: WeightFormat = .stored,
        using pool: WorkerPool? = nil
    ) throws(ModelError) {
        try self.init(
            WeightBinding(checkpoint: checkpoint, config: config, format: format, pool: pool))
    }

    /// Takes every tensor that the config implies from `binding`.
    init(_ binding: some WeightSource) throws(ModelError) {
        let config = binding.config
        embedding = try binding.matrix(.embedding)
        output = config.tiesEmbeddings ? embedding : try binding.matrix(.output)
        outputNorm = try binding.vector(.outputNorm)
        var layers: [Layer] = []
        for index in 0..<config.layerCount {
            layers.append(try binding.layer(index))
        }
        self.layers = layers
    }

    /// What keys and values are kept as where nothing else is asked for.
    var defaultKeyValueType: ElementType {
        .keysAndValues(
            weightsAreSinglePrecision: matrices.allSatisfy {
                $0.view?.elementType == .f32 || $0.packedFormat == .f32
            },
            weightByteCount: matrices.reduce(0) { $0 + $1.byteCount })
    }

    /// All matrices; the embedding twice where it is the output too.
    var matrices: [WeightMatrix] {
        layers.flatMap { layer in
            [
                layer.query, layer.key, layer.value, layer.attentionOutput, layer.gate, layer.up,
                layer.down,
            ].map(\.matrix)
        } + [embedding, output]
    }
}

/// Where the tensors of a network come from.
protocol WeightSource {
    /// What the network looks like.
    var config: ModelConfig { get }
    /// A matrix, ready to compute with.
    func matrix(_ slot: WeightSlot) throws(ModelError) -> WeightMatrix
    /// The elements of a norm or a bias.
    func vector(_ slot: WeightSlot) throws(ModelError) -> [Float]
}

/// Looks tensors up under the names of the checkpoint's format.
struct WeightBinding: WeightSource {
    let checkpoint: Checkpoint
    let config: ModelConfig
    private let format: WeightFormat
    private let pool: WorkerPool?
    private let isSmall: Bool

    init(
        checkpoint: Checkpoint, config: ModelConfig, format: WeightFormat = .stored,
        pool: WorkerPool? = nil
    ) throws(ModelError) {
        self.checkpoint = checkpoint
        self.config = config
        self.format = format
        self.pool = pool
        guard format == .auto else {
            isSmall = true
            return
        }
        var matrices: [TensorView] = []
        for slot in WeightSlot.all(of: config) where slot.shape(in: config).count > 1 {
            matrices.append(try Self.stored(slot, in: checkpoint, config))
        }
        isSmall = matrices.areSmall
    }

    /// The tensor as it lies in the file.
    func stored(_ slot: WeightSlot) throws(ModelError) -> TensorView {
        try Self.stored(slot, in: checkpoint, config)
    }

    private static func stored(
        _ slot: WeightSlot, in checkpoint: Checkpoint, _ config: ModelConfig
    ) throws(ModelError) -> TensorView {
        let shape = slot.shape(in: config)
        let types: [ElementType] =
            shape.count == 1 ? ElementType.allCases.filter(\.isPlain) : ElementType.allCases
        do throws(CheckpointError) {
            return try checkpoint.require(
                slot.name(checkpoint.naming), shape: shape, types: types)
        } catch {
            throw .checkpoint(error)
        }
    }

    func matrix(_ slot: WeightSlot) throws(ModelError) -> WeightMatrix {
        let view = try stored(slot)
        let form = format.form(
            of: slot, type: view.elementType, columns: view.columns, isSmall: isSmall)
        let weights = try view.weights(as: form, using: pool)
        if weights.view?.storage !== view.storage { checkpoint.discardPages(of: view) }
        return weights
    }

    func vector(_ slot: WeightSlot) throws(ModelError) -> [Float] {
        try stored(slot).floats()
    }
}

extension WeightSource {
    /// All tensors of a layer.
    fileprivate func layer(_ index: Int) throws(ModelError) -> Weights.Layer {
        Weights.Layer(
            attentionNorm: try vector(.layer(index, .attentionNorm)),
            query: try linear(index, .query, bias: config.hasQueryKeyValueBias ? .queryBias : nil),
            key: try linear(index, .key, bias: config.hasQueryKeyValueBias ? .keyBias : nil),
            value: try linear(index, .value, bias: config.hasQueryKeyValueBias ? .valueBias : nil),
            queryNorm: config.hasQueryKeyNorm ? try vector(.layer(index, .queryNorm)) : nil,
            keyNorm: config.hasQueryKeyNorm ? try vector(.layer(index, .keyNorm)) : nil,
            attentionOutput: try linear(
                index, .attentionOutput, bias: config.hasOutputBias ? .attentionOutputBias : nil),
            feedForwardNorm: try vector(.layer(index, .feedForwardNorm)),
            gate: try linear(index, .gate, bias: config.hasFeedForwardBias ? .gateBias : nil),
            up: try linear(index, .up, bias: config.hasFeedForwardBias ? .upBias : nil),
            down: try linear(index, .down, bias: config.hasFeedForwardBias ? .downBias : nil))
    }

    private func linear(
        _ index: Int, _ matrix: WeightSlot.Part, bias: WeightSlot.Part?
    ) throws(ModelError) -> Weights.Linear {
        var values: [Float]?
        if let bias {
            values = try vector(.layer(index, bias))
        }
        return Weights.Linear(matrix: try self.matrix(.layer(index, matrix)), bias: values)
    }
}

extension ElementType {
    /// What keys and values are kept as where nothing else is asked for.
    ///
    /// f16 halves what attention reads, at an error of about 5e-3 in log-probabilities. A model in
    /// f32 is one whose user asked for precision, and one of a few megabytes stays in the
    /// processor's cache anyway: both keep f32.
    static func keysAndValues(
        weightsAreSinglePrecision: Bool, weightByteCount: Int
    ) -> ElementType {
        weightsAreSinglePrecision || weightByteCount < 64 << 20 ? .f32 : .f16
    }
}

extension Checkpoint {
    var naming: WeightSlot.Naming {
        switch format {
        case .safetensors: .huggingFace
        case .gguf: .gguf
        }
    }
}
