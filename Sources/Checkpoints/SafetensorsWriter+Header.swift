import Kernels

extension SafetensorsWriter {
    /// The length, the JSON and its padding, and how many bytes of data must follow.
    static func header(
        _ tensors: [Declaration], _ metadata: [String: String], _ path: String
    ) throws(CheckpointError) -> (bytes: [UInt8], dataByteCount: Int) {
        var members: [String] = []
        if !metadata.isEmpty {
            let strings = metadata.sorted { $0.key < $1.key }.map { key, value in
                "\(quoted(key)):\(quoted(value))"
            }
            members.append("\"__metadata__\":{\(strings.joined(separator: ","))}")
        }
        var names: Set = [ExactString("__metadata__")]
        var end = 0
        for tensor in tensors {
            guard names.insert(ExactString(tensor.name)).inserted else {
                throw .duplicate(file: path, field: "tensors", name: tensor.name)
            }
            let type = try typeName(tensor, path)
            let begin = end
            guard let byteCount = StoredType(safetensors: type)?.byteCount(shape: tensor.shape),
                case let (sum, overflow) = begin.addingReportingOverflow(byteCount), !overflow
            else {
                throw .malformed(
                    file: path, field: "tensor \(tensor.name)", expected: "a countable size",
                    found: "\(tensor.shape)")
            }
            end = sum
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(type)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(begin),\(end)]}")
        }
        var json = Array("{\(members.joined(separator: ","))}".utf8)
        // Spaces up to a multiple of eight keep the data aligned for readers that care.
        json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
        let length = UInt64(json.count)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        return (prefix + json, end)
    }

    private static func typeName(
        _ tensor: Declaration, _ path: String
    ) throws(CheckpointError) -> String {
        switch tensor.type {
        case .f32: return "F32"
        case .f16: return "F16"
        case .bf16: return "BF16"
        default:
            throw .wrongType(
                file: path, tensor: tensor.name, expected: ["F32", "F16", "BF16"],
                found: tensor.type.rawValue.uppercased())
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
