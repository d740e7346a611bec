/// What is refused before any arithmetic starts.
public enum KernelError: Error, Sendable, Equatable {
    /// A shape has a negative dimension, or its product overflows.
    case invalidShape([Int])
    /// Rows of `columns` elements do not fill whole blocks of `type`.
    case partialBlock(type: ElementType, columns: Int)
    /// A view would end outside its storage.
    case outOfRange(byteOffset: Int, byteCount: Int, storage: Int)
    /// Rows `range` were asked of a tensor with `rows` of them.
    case rowsOutOfRange(range: Range<Int>, rows: Int)
    /// Elements cannot be converted to `type`.
    case unsupportedConversion(to: ElementType)
    /// Keys and values cannot be kept as `type`.
    case unsupportedCacheType(ElementType)
    /// `byteCount` bytes of memory were not granted.
    case outOfMemory(byteCount: Int)
    /// A thread could not be started; `code` is the system's error number.
    case threadNotStarted(code: Int32)
    /// `name` is no instruction set, or none of this processor.
    case instructionSetUnavailable(name: String, available: [InstructionSet])
}

extension KernelError: CustomStringConvertible {
    /// One line: what, expected, found.
    public var description: String {
        switch self {
        case .invalidShape(let shape):
            return "shape \(shape) is negative or too large"
        case .partialBlock(let type, let columns):
            return "rows of \(columns) elements do not fill blocks of "
                + "\(type.elementsPerBlock) as \(type.rawValue) needs"
        case .outOfRange(let offset, let count, let storage):
            return "\(count) bytes at offset \(offset) end outside of \(storage) bytes"
        case .rowsOutOfRange(let range, let rows):
            return "rows \(range.lowerBound)..<\(range.upperBound) of a tensor with \(rows) rows"
        case .unsupportedConversion(let type):
            return "cannot convert to \(type.rawValue): expected f32, f16, bf16 or q8_0"
        case .unsupportedCacheType(let type):
            return "cannot keep keys and values as \(type.rawValue): expected f32, f16, bf16 "
                + "or q8_0"
        case .outOfMemory(let count):
            return "the system refused \(count) bytes of memory"
        case .threadNotStarted(let code):
            return "the system refused a worker thread (error \(code))"
        case .instructionSetUnavailable(let name, let available):
            let names = available.map(\.rawValue).joined(separator: ", ")
            return "instruction set \"\(name)\" is not available here: expected one of \(names)"
        }
    }
}
