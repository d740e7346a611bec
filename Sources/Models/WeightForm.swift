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
        let format: PackedFormat? =
            switch self {
            case .stored: nil
            case .f32: .f32
            case .bf16: .bf16
            case .bf16dot: .bf16dot
            case .f16: .f16
            case .auto:
                isSmall
                    ? type.packedFormat.flatMap { $0.isInteger ? nil : $0 }
                    : type == .bf16 ? .bf16dot : type.packedFormat
            case .int8: .int8
            case .int4: slot == .embedding || slot == .output ? .int8 : .int4
            }
        guard let format, columns % format.groupSize == 0 else { return .stored(type) }
        return .packed(format)
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
