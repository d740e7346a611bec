public import Checkpoints
public import Kernels

/// What a checkpoint is and what it would take to run, without running it.
///
/// Making one checks that every tensor of the network is there in its shape and a usable type;
/// ``checkWeights(using:progress:)`` reads the weights themselves.
public struct ModelInspection: Sendable {
    /// The tensors that share an element type.
    public struct TypeShare: Sendable, Equatable {
        /// How the elements are stored.
        public let type: ElementType
        /// How many tensors.
        public let tensorCount: Int
        /// How many elements they hold.
        public let elementCount: Int
        /// How many bytes they take in the file.
        public let byteCount: Int
    }

    /// What the network looks like.
    public let config: ModelConfig
    /// Elements of all tensors that the network uses; a tied embedding counts once.
    public let parameterCount: Int
    /// Those tensors by type, in the order of `ElementType.allCases`.
    public let typeShares: [TypeShare]
    /// Tensors in the files that the network does not use, in the order of the files.
    public let unexpectedTensors: [String]

    private let checkpoint: Checkpoint
    let views: [(slot: WeightSlot, view: TensorView)]

    /// Looks at a checkpoint's headers and config.
    ///
    /// - Parameter checkpoint: An opened checkpoint of either format.
    /// - Throws: `ModelError` for the first thing that does not fit.
    public init(_ checkpoint: Checkpoint) throws(ModelError) {
        let config = try ModelConfig(checkpoint)
        let binding = try WeightBinding(checkpoint: checkpoint, config: config)
        var views: [(slot: WeightSlot, view: TensorView)] = []
        var names: Set<String> = [RotaryEmbedding.divisorsName]
        for slot in WeightSlot.all(of: config) {
            views.append((slot, try binding.stored(slot)))
            names.insert(slot.name(checkpoint.naming))
        }
        self.checkpoint = checkpoint
        self.views = views
        self.config = config
        parameterCount = views.reduce(0) { $0 + $1.view.elementCount }
        typeShares = ElementType.allCases.compactMap { type in
            let own = views.map(\.view).filter { $0.elementType == type }
            return own.isEmpty
                ? nil
                : TypeShare(
                    type: type, tensorCount: own.count,
                    elementCount: own.reduce(0) { $0 + $1.elementCount },
                    byteCount: own.reduce(0) { $0 + $1.byteCount })
        }
        unexpectedTensors = checkpoint.tensorNames.filter { !names.contains($0) }
    }

    /// Bytes of the weights as stored, which stay mapped while the model runs.
    public var weightByteCount: Int {
        typeShares.reduce(0) { $0 + $1.byteCount }
    }

    /// Bytes of the weights in memory, mapped ones included.
    ///
    /// - Parameters:
    ///   - format: What matrices are kept as.
    ///   - isMixed: Whether they are those of a member between this one and another.
    /// - Returns: The sum; vectors are f32 in memory.
    public func loadedByteCount(as format: WeightFormat, isMixed: Bool = false) -> Int {
        views.reduce(0) { sum, tensor in
            guard tensor.view.shape.count > 1 else {
                return sum + tensor.view.elementCount * ElementType.f32.bytesPerBlock
            }
            return sum + form(of: tensor, as: format, isMixed: isMixed).byteCount(tensor.view)
        }
    }

    /// Bytes of memory that the weights take beside the mapped file.
    ///
    /// - Parameter format: What matrices are kept as.
    /// - Returns: Matrices in another form than the file's, and vectors, which are f32.
    public func copiedByteCount(as format: WeightFormat) -> Int {
        views.reduce(loadedByteCount(as: format)) { sum, tensor in
            guard tensor.view.shape.count > 1 else { return sum }
            let isMapped = form(of: tensor, as: format) == .stored(tensor.view.elementType)
            return isMapped ? sum - tensor.view.byteCount : sum
        }
    }

    /// What a tensor is kept as.
    func form(
        of tensor: (slot: WeightSlot, view: TensorView), as format: WeightFormat,
        isMixed: Bool = false
    ) -> WeightForm {
        let type = tensor.view.elementType
        return format.form(
            of: tensor.slot, type: isMixed && !type.isPlain ? WeightMixture.plainType : type,
            columns: tensor.view.columns, isSmall: isMixed || isSmall)
    }

    /// Tensors of more than one dimension.
    var matrices: [(slot: WeightSlot, view: TensorView)] {
        views.filter { $0.view.shape.count > 1 }
    }

    private var isSmall: Bool { matrices.map(\.view).areSmall }

    /// What keys and values are kept as where nothing else is asked for.
    public var keyValueType: ElementType { keyValueType(as: .auto) }

    /// What keys and values are kept as where matrices are kept in `format`.
    func keyValueType(as format: WeightFormat) -> ElementType {
        .keysAndValues(
            weightsAreSinglePrecision: matrices.allSatisfy {
                [.stored(.f32), .packed(.f32)].contains(form(of: $0, as: format))
            },
            weightByteCount: loadedByteCount(as: format))
    }

    /// Bytes that a running model takes: weights, and keys and values of some tokens.
    ///
    /// Scratch is left out; it depends on the rows of a pass and is small beside the rest.
    ///
    /// - Parameters:
    ///   - tokenCount: Tokens cached at once, over all sequences; at least 0.
    ///   - type: What keys and values are kept as; nil for ``keyValueType``.
    /// - Returns: The sum, or `Int.max` where it is none.
    public func memoryByteCount(tokenCount: Int, keyValueType type: ElementType? = nil) -> Int {
        let perToken = config.keyValueByteCount(perTokenAs: type ?? keyValueType)
        let (cache, overflow) = perToken.multipliedReportingOverflow(by: max(tokenCount, 0))
        let (sum, sumOverflow) = cache.addingReportingOverflow(weightByteCount)
        return overflow || sumOverflow ? Int.max : sum
    }

    /// Reads every tensor of the files and refuses the first NaN or infinity.
    ///
    /// - Parameters:
    ///   - pool: Workers to spread the scan over; nil to use this thread alone.
    ///   - progress: Told now and then how many bytes of how many are done.
    /// - Throws: `ModelError` naming the tensor and the element.
    public func checkWeights(
        using pool: WorkerPool? = nil, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(ModelError) {
        do throws(CheckpointError) {
            try checkpoint.validateTensors(using: pool, progress: progress)
        } catch {
            throw .checkpoint(error)
        }
    }
}
