@testable import Checkpoints

/// Assembles safetensors files of any kind of brokenness.
enum SafetensorsBuilder {
    static func file(header: String, dataByteCount: Int = 0, length: UInt64? = nil) -> [UInt8] {
        let text = Array(header.utf8)
        let length = length ?? UInt64(text.count)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        return prefix + text + [UInt8](repeating: 0, count: dataByteCount)
    }

    static func parse(
        _ bytes: [UInt8], limits: CheckpointLimits = CheckpointLimits()
    ) throws(CheckpointError) -> SafetensorsHeader {
        try SafetensorsHeader(parsing: bytes.span, file: "x.safetensors", limits: limits)
    }

    /// The error that a header with this text and so many bytes of data gives.
    static func error(
        _ header: String, dataByteCount: Int = 0, limits: CheckpointLimits = CheckpointLimits()
    ) -> CheckpointError? {
        error { () throws(CheckpointError) in
            _ = try parse(file(header: header, dataByteCount: dataByteCount), limits: limits)
        }
    }

    static func error(_ body: () throws(CheckpointError) -> Void) -> CheckpointError? {
        do throws(CheckpointError) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
