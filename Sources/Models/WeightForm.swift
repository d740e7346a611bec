import Kernels

/// What one matrix is kept as.
enum WeightForm: Equatable {
    case stored(ElementType)
    case packed(PackedFormat)

    /// Bytes of a matrix.
    func byteCount(_ view: TensorView) -> Int {
        switch self {
        case .stored(let type): view.elementCount / type.elementsPerBlock * type.bytesPerBlock
        case .packed(let format): format.byteCount(rows: view.rows, columns: view.columns)
        }
    }
}

extension WeightFormat {
    /// What a matrix is kept as.
    ///
    /// Rows that are no whole groups of a packed format stay as they are.
    ///
    /// - Parameters:
    ///   - slot: Which matrix.
    ///   - type: Its type before.
    ///   - columns: Its columns.
    ///   - isSmall: Whether the checkpoint is one that stays exact; see ``auto``.
    /// - Returns: The form.
    func form(of slot: WeightSlot, type: ElementType, columns: Int, isSmall: Bool) -> WeightForm {
        let isPackable = columns % PackedFormat.groupSize == 0
        switch self {
        case .stored: return .stored(type)
        case .f32: return .stored(.f32)
        case .bf16: return .stored(.bf16)
        case .f16: return .stored(.f16)
        case .auto:
            guard !isSmall, isPackable, let format = type.packedFormat else { return .stored(type) }
            return .packed(format)
        case .int8: return isPackable ? .packed(.int8) : .stored(type)
        case .int4:
            guard isPackable else { return .stored(type) }
            return .packed(slot == .embedding || slot == .output ? .int8 : .int4)
        }
    }
}

extension [TensorView] {
    /// Whether matrices as stored are those of a checkpoint that stays exact by default.
    var areSmall: Bool {
        ElementType.keysAndValues(
            weightsAreSinglePrecision: allSatisfy { $0.elementType == .f32 },
            weightByteCount: reduce(0) { $0 + $1.byteCount }) == .f32
    }
}

extension TensorView {
    /// The matrix in a form; as it is where the form cannot hold its values.
    func weights(as form: WeightForm, using pool: WorkerPool?) throws(ModelError) -> WeightMatrix {
        do throws(KernelError) {
            switch form {
            case .stored(let type):
                return .stored(try converted(to: type, using: pool))
            case .packed(let format):
                let matrix = try PackedMatrix(self, as: format, using: pool)
                return matrix.map { .packed($0) } ?? .stored(self)
            }
        } catch {
            throw .kernels(error)
        }
    }
}
